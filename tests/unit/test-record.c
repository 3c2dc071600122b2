/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What isorun --record makes of what a payload has used. */
#include "plan-fixture.h"

#include <ctype.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "plan/record/calls.h"
#include "plan/record/capabilities.h"
#include "plan/record/peers.h"
#include "plan/record/setting.h"
#include "plan/record/write.h"
#include "policy/value/names.h"
#include "sandbox/watch/names.h"
#include "util/strv.h"
#include "util/text.h"

/* The table. */

static void test_record(_unused_ void **state) {
        _cleanup_(record_freep) Record *r = record_new();

        record_note(r, "/a", USED_LOOK, "sh");
        record_note(r, "/a", USED_READ, "cat");
        record_note(r, "/b", USED_READ, "");
        record_note(r, "/b", USED_READ, "cat");
        record_call(r, SYS_openat, "sh");
        record_call(r, SYS_openat, "sh");
        record_call(r, -1, "sh");
        record_call(r, RECORD_CALLS, "sh");
        record_family(r, AF_INET, "sh");
        record_family(r, UINT64_MAX, "sh");
        assert_int_equal(record_n_uses(r), 2);
        expect_text("first", record_use(r, 0)->count.program, "sh");
        assert_true(record_use(r, 0)->count.others);
        assert_int_equal(record_use(r, 0)->uses, USED_LOOK | USED_READ);
        expect_text("not known at first", record_use(r, 1)->count.program, "cat");
        assert_false(record_use(r, 1)->count.others);
        assert_int_equal(record_called(r, SYS_openat)->times, 2);
        assert_null(record_called(r, SYS_close));
        assert_null(record_called(r, -1));
        assert_non_null(record_socket(r, AF_INET));
        assert_null(record_socket(r, AF_UNIX));
}

/* A payload may use as many paths as it likes. */
static void test_record_bounds(_unused_ void **state) {
        _cleanup_(record_freep) Record *r = record_new();
        char path[64], *large = malloc(RECORD_TEXT_MAX + 2);

        memset(large, 'a', RECORD_TEXT_MAX + 1);
        large[RECORD_TEXT_MAX + 1] = '\0';
        record_note(r, large, USED_READ, "sh");
        free(large);
        assert_int_equal(record_lost(r), 1);
        for (unsigned i = 0; i < RECORD_USES_MAX + 10; i++) {
                snprintf(path, sizeof(path), "/%u", i);
                record_note(r, path, USED_READ, "sh");
        }
        assert_int_equal(record_n_uses(r), RECORD_USES_MAX);
        assert_int_equal(record_lost(r), 11);
        record_note(r, "/0", USED_READ, "sh");
        assert_int_equal(record_use(r, 0)->count.times, 2);
        assert_int_equal(record_lost(r), 11);
}

/* System calls. */

static char *calls_of(const Plan *plan, const char *names) {
        _cleanup_(record_freep) Record *record = record_new();
        _cleanup_free_ char *copy = strdup(names);
        char *position = NULL;
        CallsLines lines;
        Text text = {};

        for (char *name = strtok_r(copy, " ", &position); name; name = strtok_r(NULL, " ", &position))
                record_call(record, syscall_number(name), "sh");
        assert_int_equal(record_make_calls(plan, record, &lines), 0);
        for (size_t i = 0; i < lines.n; i++) {
                text_add(&text, i > 0 ? " " : "");
                text_add(&text, lines.items[i].word);
        }
        calls_lines_deinit(&lines);
        return text_finish(&text);
}

static void test_calls(void **state) {
        static const struct {
                const char *lines, *calls, *expected;
        } cases[] = {
                /* clone3 and io_uring_setup return ENOSYS by other directives; programs need that. */
                { "", "", "@default @basic-io clone3 io_uring_setup openat2" },
                { "", "openat", "@default @basic-io clone3 io_uring_setup openat openat2" },
                { "", "openat newfstatat read", "@default @basic-io @file-system clone3 io_uring_setup" },
                { "", "openat newfstatat socket connect kill", "@default @basic-io @file-system @network-io clone3 io_uring_setup kill" },
                /* The run's policy denies a part of the group. */
                { "SystemCallFilter=@system-service\nSystemCallFilter=~mkdirat", "openat newfstatat",
                  "@default @basic-io clone3 io_uring_setup newfstatat openat openat2" },
                { "SystemCallFilter=@default @basic-io openat\nSystemCallFilter=~getrandom", "openat mount",
                  NULL },
                /* A call that was denied, although it was counted. */
                { "", "mount", "@default @basic-io clone3 io_uring_setup openat2" },
                { "SystemCallFilter=@system-service ptrace", "", "@default @basic-io clone3 io_uring_setup openat2 ptrace" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = NULL;

                plan_expect_good(f, cases[i].lines);
                got = calls_of(f->plan, cases[i].calls);
                if (cases[i].expected)
                        expect_text(cases[i].calls, got, cases[i].expected);
                else {
                        expect_not_in("not whole", got, "@default");
                        expect_not_in("denied", got, "getrandom");
                        expect_not_in("denied", got, "mount");
                        expect_in("allowed", got, "futex");
                }
        }
}

/* A policy of what was recorded allows no call that the run's policy denies. */
/* promise P56 */
static void test_calls_within(void **state) {
        static const char *const policies[] = {
                "", "SystemCallFilter=@system-service", "SystemCallFilter=~@mount", "SystemCallFilter=@default @file-system",
                "SystemCallFilter=@system-service\nSystemCallFilter=~@process chmod",
        };
        PlanFixture *f = *state;
        uint32_t seed = 15;

        for (size_t n = 0; n < 40; n++) {
                _cleanup_free_ char *words = NULL;
                _cleanup_strv_free_ char **denied = NULL;
                Text text = {}, line = {};

                plan_expect_good(f, policies[n % ELEMENTSOF(policies)]);
                for (size_t i = 0; i < 40; i++) {
                        text_add(&text, syscall_numbers[next_random(&seed) % n_syscall_numbers].name);
                        text_add(&text, " ");
                }
                for (size_t i = 0; i < n_syscall_numbers; i++)
                        if (plan_find_call(f->plan, syscall_numbers[i].name) &&
                            !plan_allows_call(f->plan, syscall_numbers[i].name))
                                assert_int_equal(strv_push(&denied, syscall_numbers[i].name), 0);
                words = text_finish(&text);
                text_add(&line, "SystemCallFilter=");
                {
                        _cleanup_free_ char *got = calls_of(f->plan, words);

                        text_add(&line, got);
                }
                free(words);
                words = text_finish(&line);
                plan_expect_good(f, words);
                for (char **name = denied; name && *name; name++)
                        if (plan_allows_call(f->plan, *name))
                                fail_msg("%s is allowed by %s", *name, words);
        }
}

/* Peers of a run with the host's network. */

static char *peers_of(const char *uses) {
        static const char hosts[] = "# 192.0.2.9 comment\n127.0.0.1 localhost\n127.0.1.1\tmachine machine.example.org\n"
                                    "10.0.0.5 db # db2\n::1 localhost ip6-localhost\n";
        _cleanup_(record_freep) Record *record = record_new();
        _cleanup_free_ char *copy = strdup(uses);
        char *position = NULL;
        RecordPeers peers;
        Text text = {};

        for (char *word = strtok_r(copy, " ", &position); word; word = strtok_r(NULL, " ", &position))
                record_note(record, word + 1, *word == 'c' ? USED_CONNECT : *word == 'b' ? USED_BIND : USED_LOOK, "sh");
        assert_int_equal(record_find_peers(record, hosts, "search x\nnameserver 192.0.2.53\n", &peers), 0);
        for (size_t i = 0; i < peers.n; i++) {
                text_add(&text, i > 0 ? " " : "");
                text_add(&text, peers.items[i].line);
        }
        record_peers_deinit(&peers);
        return text_finish(&text);
}

static void test_peers(_unused_ void **state) {
        static const struct {
                const char *uses, *expected;
        } cases[] = {
                { "", "" },
                { "c192.0.2.1:443", "192.0.2.1:443" },
                { "c[2001:db8::1]:443", "[2001:db8::1]:443" },
                /* By the name that was looked up; a private address needs a word more. */
                { "c8.8.8.8:443 l?example.org=8.8.8.8", "example.org:443" },
                { "c8.8.8.8:443 l?example.org=8.8.8.8 l?www.example.org=8.8.8.8", "example.org:443 www.example.org:443" },
                { "c8.8.8.8:443 l?example.org=8.8.4.4", "8.8.8.8:443" },
                { "c192.168.0.1:443 l?router=192.168.0.1", "router:443=private" },
                { "c[fd00:1::5]:443 l?router=fd00:1::5", "router:443=private" },
                { "c100.64.0.1:443 l?router=100.64.0.1", "router:443=private" },
                /* Where no name may lead, =private does not help. */
                { "c169.254.1.2:80 l?printer=169.254.1.2", "printer:80=169.254.1.2:80" },
                { "c169.254.169.254:80 l?metadata=169.254.169.254", "metadata:80=169.254.169.254:80" },
                { "c[fe80::1]:80 l?printer=fe80::1", "printer:80=[fe80::1]:80" },
                { "c[feb0::1]:80 l?printer=feb0::1", "printer:80=[feb0::1]:80" },
                { "c[fd00:ec2::254]:80 l?metadata=fd00:ec2::254", "metadata:80=[fd00:ec2::254]:80" },
                { "c192.0.2.1:443/udp l?example.org=192.0.2.1", "example.org:443/udp=192.0.2.1:443" },
                /* The peer of an isorun around this one has another address in the next run. */
                { "c198.18.0.5:443 l?example.org=198.18.0.5", "example.org:443" },
                { "c127.0.0.5:443 l?evil.example=127.0.0.5", "evil.example:443=127.0.0.5:443 localhost:443" },
                { "c192.0.2.1:443 l?a=b=192.0.2.1 l?-x=192.0.2.1 l?a:b=192.0.2.1", "192.0.2.1:443" },
                /* Of hosts(5). */
                { "c10.0.0.5:5432", "db:5432=10.0.0.5:5432" },
                { "c127.0.1.1:80", "localhost:80 machine.example.org:80=127.0.1.1:80 machine:80=127.0.1.1:80" },
                { "c127.0.0.1:80", "localhost:80" },
                { "c192.0.2.9:80", "192.0.2.9:80" },
                /* A socket of its own; a name server; what getaddrinfo(3) only tries. */
                { "c127.0.0.1:80 b0.0.0.0:80", "" },
                { "c127.0.0.1:80 b127.0.0.1:80", "" },
                { "c127.0.0.1:80 b127.0.0.1:81 b127.0.0.1:80/udp", "localhost:80" },
                { "c192.0.2.53:53/udp", "" },
                { "c192.0.2.5:53/udp", "192.0.2.5:53/udp" },
                { "c192.0.2.1:443/udp c192.0.2.1:443", "192.0.2.1:443" },
                { "c192.0.2.1:123/udp", "192.0.2.1:123/udp" },
                /* No address. */
                { "c/run/x c@x c192.0.2.1:0 c192.0.2.1:99999 c192.0.2:1 c[::1:1 c:1 c", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = peers_of(cases[i].uses);

                expect_text(cases[i].uses, got, cases[i].expected);
        }
}

static void add_found(void *userdata, const char *name, const char *address) {
        text_add(userdata, name);
        text_add(userdata, "=");
        text_add(userdata, address);
        text_add(userdata, " ");
}

static char *names_of(const void *answer, size_t size) {
        Text text = {};

        text_add(&text, "");
        names_of_answer(answer, size, add_found, &text);
        return text_finish(&text);
}

/* Bytes of the payload. A part of an answer has fewer addresses, and nothing is read behind it. */
static void test_names(_unused_ void **state) {
        static const char answer[] =
                "\x01\x02\x81\x80\0\1\0\3\0\0\0\0\3www\7example\3org\0\0\1\0\1"
                "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1a\xc0\x10"
                "\1a\xc0\x10\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
                "\1a\xc0\x10\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
        static const char expected[] = "www.example.org=192.0.2.1 www.example.org=2001:db8::1 ";
        _cleanup_free_ char *whole = names_of(answer, sizeof(answer) - 1);
        uint32_t seed = 61;

        expect_text("an answer", whole, expected);
        for (size_t n = 0; n < sizeof(answer) - 1; n++) {
                _cleanup_free_ void *part = malloc(n ?: 1);
                _cleanup_free_ char *got = NULL;

                memcpy(part, answer, n);
                got = names_of(part, n);
                assert_int_equal(strncmp(got, expected, strlen(got)), 0);
                assert_true(strlen(got) < strlen(expected));
        }
        for (unsigned i = 0; i < 2000; i++) {
                _cleanup_free_ char *other = memcpy(malloc(sizeof(answer) - 1), answer, sizeof(answer) - 1), *got = NULL;

                for (unsigned j = 0; j < 3; j++)
                        other[next_random(&seed) % (sizeof(answer) - 1)] = (char) next_random(&seed);
                got = names_of(other, sizeof(answer) - 1);
                for (const char *c = got; *c; c++)
                        assert_true(isalnum((unsigned char) *c) || strchr(".-=: ", *c));
        }
}

/* Peaks. */

static char *limits_of(const Plan *plan, const RecordPeaks *peaks) {
        _cleanup_(record_freep) Record *record = record_new();
        _cleanup_free_ char *text = NULL;
        RecordProgress *progress = calloc(1, sizeof(*progress));
        char *scope, *end;

        assert_int_equal(record_write(plan, record, peaks, progress, &text), 0);
        free(progress);
        if (peaks->memory)
                expect_not_in("measured", text, "could not be measured");
        else
                expect_in("not measured", text, "# Its memory could not be measured");
        expect_in("times", text, "# The last run took 2.5 s, and 1.0 s of processor time");
        scope = strstr(text, "[Scope]\n");
        end = strstr(text, "\n\n[Sandbox]");
        assert_non_null(scope);
        assert_non_null(end);
        return strndup(scope + strlen("[Scope]\n"), (size_t) (end - scope) - strlen("[Scope]\n"));
}

static void test_limits(void **state) {
        static const struct {
                const char *lines;
                uint64_t memory, tasks;
                const char *expected;
        } cases[] = {
                { "[Scope]\nMemoryMax=1G\nTasksMax=100", 50 << 20, 21, "# 50M at most\nMemoryMax=100M\n# 21 at most\nTasksMax=42" },
                { "", (50 << 20) + 1, 21, "# 51M at most\nMemoryMax=101M\n# 21 at most\nTasksMax=42" },
                /* A program that needs little gets more. */
                { "", 1 << 20, 2, "# 1M at most\nMemoryMax=32M\n# 2 at most\nTasksMax=16" },
                /* Never more than the run had. */
                { "[Scope]\nMemoryMax=64M\nTasksMax=40", 50 << 20, 21, "MemoryMax=64M\nTasksMax=40" },
                { "[Scope]\nMemoryMax=64M\nTasksMax=40", 0, 0, "MemoryMax=64M\nTasksMax=40" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const RecordPeaks peaks = { cases[i].memory, cases[i].tasks, 1000000, 2500000 };
                _cleanup_free_ char *got = NULL;

                plan_expect_good(f, cases[i].lines);
                got = limits_of(f->plan, &peaks);
                expect_text(cases[i].expected, got, cases[i].expected);
        }
}

/* Threads at a time, not all together. */
static void test_threads(_unused_ void **state) {
        _cleanup_(record_freep) Record *r = record_new();

        record_thread(r, true);
        for (unsigned i = 0; i < 10; i++) {
                record_thread(r, false);
                record_thread(r, false);
                record_thread(r, true);
                record_thread(r, true);
        }
        assert_int_equal(record_threads(r), 2);
}

/* Capabilities: what the kernel looks for in a call, and no other. */
static void test_privileges(_unused_ void **state) {
        static const uint64_t file = UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH;
        _cleanup_(record_freep) Record *r = record_new();
        uint64_t masks[RECORD_CALLS];

        record_find_capabilities(masks);
        assert_int_equal(masks[SYS_fchown] & ~file, UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_FOWNER | UINT64_C(1) << CAP_FSETID);
        assert_int_equal(masks[SYS_fchownat], masks[SYS_fchown] | file);
        assert_int_equal(masks[SYS_getdents64], file);
        assert_int_equal(masks[SYS_setgroups], UINT64_C(1) << CAP_SETGID);
        assert_int_equal(masks[SYS_getpid], 0);
        assert_true(masks[SYS_prlimit64] & UINT64_C(1) << CAP_SYS_RESOURCE); /* setrlimit(3) of glibc */
        record_privilege(r, file, false, "sh");
        record_privilege(r, UINT64_C(1) << CAP_DAC_OVERRIDE, true, "cat");
        assert_null(record_privileged(r, CAP_CHOWN));
        assert_null(record_privileged(r, RECORD_CAPABILITIES));
        assert_int_equal(record_privileged(r, CAP_DAC_OVERRIDE)->count.times, 2);
        assert_true(record_privileged(r, CAP_DAC_OVERRIDE)->certain);
        assert_false(record_privileged(r, CAP_DAC_READ_SEARCH)->certain);
}

/* Lines that are taken over. */

static void expect_same(DirectiveId id, const SettingList *a, const SettingList *b, const char *text) {
        if (a->n != b->n)
                fail_msg("%s: %zu values, then %zu, from:\n%s", directive_table[id].name, a->n, b->n, text);
        for (size_t i = 0; i < a->n; i++) {
                Buffer x, y;

                buffer_init(&x);
                buffer_init(&y);
                dump_value(x.f, &a->items[i].value);
                dump_value(y.f, &b->items[i].value);
                if (!a->items[i].value.words || (id != D_File && id != D_SetCredential))
                        expect_text(text, buffer_text(&y), buffer_text(&x));
                else
                        expect_text(text, b->items[i].value.words[1], a->items[i].value.words[1]);
                buffer_deinit(&x);
                buffer_deinit(&y);
        }
}

static void expect_taken_over(DirectiveId id, const char *value) {
        _cleanup_(policy_freep) Policy *policy = test_policy(), *again = test_policy();
        const SettingList *list = &policy->settings[id];
        Buffer text;
        Log log;

        log_init(&log);
        buffer_init(&text);
        expect_result(value, test_assign(policy, &log, directive_table[id].name, value), 0);
        fprintf(text.f, "[%s]\n", section_names[directive_table[id].section]);
        for (size_t i = 0; i < list->n; i++)
                if (!setting_is_repeated(id, list, i))
                        setting_write(text.f, id, &list->items[i], false);
        if (test_read(again, &log, buffer_text(&text)) < 0)
                fail_msg("%s: %s, from:\n%s", value, log_text(&log), buffer_text(&text));
        expect_same(id, list, &again->settings[id], buffer_text(&text));
        buffer_deinit(&text);
        log_deinit(&log);
}

static void test_taken_over(_unused_ void **state) {
        static const struct {
                DirectiveId id;
                const char *value;
        } cases[] = {
                { D_MemoryMax, "50%" },
                { D_Environment, "\"A=b c\" 'D=e\"f' G=50%% H=a\\\\b" },
                { D_PassEnvironment, "*" },
                { D_InaccessiblePaths, "-/a /c%%d \"/e f\"" },
                { D_BindPaths, "/a\\:b:/c\\:d:norbind /x" },
                { D_Volume, "data:/srv/data:ro,hide=*.key" },
                { D_TemporaryFileSystem, "/a:size=10%%,ro" },
                { D_File, "/a\\:b:50%% of %i\\n\\x41 \"q\"" },
                { D_SetCredential, "a:b:c %%\\n'x'" },
                { D_LoadCredential, "a:/b c" },
                { D_Symlink, "/a\\:b:c%%d" },
                { D_RestrictAddressFamilies, "none" },
                { D_CapabilityBoundingSet, "~CAP_CHOWN" },
                { D_WorkingDirectory, "-/a b%%" },
                { D_WorkingDirectory, "~" },
                { D_ConnectTo, "example.org:443,444 *.example.com:80=10.0.0.1:81 [::1]:53/udp" },
                { D_ExecStart, "/bin/sh -c 'echo $$HOME \"a b\" 50%%'" },
                { D_LimitNOFILE, "10:20" },
        };

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                expect_taken_over(id, directive_table[id].example);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_taken_over(cases[i].id, cases[i].value);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_record),
                cmocka_unit_test(test_record_bounds),
                IN_PLAN(test_calls),
                IN_PLAN(test_calls_within),
                cmocka_unit_test(test_peers),
                cmocka_unit_test(test_names),
                IN_PLAN(test_limits),
                cmocka_unit_test(test_threads),
                cmocka_unit_test(test_privileges),
                cmocka_unit_test(test_taken_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
