/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <ctype.h>
#include <errno.h>

#include "convert/systemd.h"
#include "policy/unit-file.h"

/* A text, and the values that it gives one directive. */

typedef struct ReadCase {
        const char *text, *directive, *values;
} ReadCase;

static void check_read(const ReadCase *c) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        Log log;

        log_init(&log);
        expect_result(c->text, test_read(policy, &log, c->text), 0);
        expect_text(c->text, log_text(&log), "");
        expect_values(c->text, policy, c->directive, c->values);
        log_deinit(&log);
}

static void test_replace_append_reset(_unused_ void **state) {
        static const ReadCase cases[] = {
                { "[Sandbox]\nNice=1\nNice=2\n", "Nice", "2 n=2" },
                { "[Sandbox]\nNice=1\nNice=\n", "Nice", "" },
                { "[Sandbox]\nNice=1\nNice=\nNice=3\n", "Nice", "3 n=3" },
                { "[Sandbox]\nEnvironment=A=1\nEnvironment=B=2 A=3\n", "Environment", "A=1; B=2; A=3" },
                { "[Sandbox]\nEnvironment=A=1\nEnvironment=\n", "Environment", "" },
                { "[Sandbox]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n", "Environment", "B=2" },
                { "[Scope]\nBefore=a.service\n[Sandbox]\nNice=1\n[Scope]\nBefore=b.service\n", "Before",
                  "a.service; b.service" },
                { "[Sandbox]\nSystemCallFilter=read\nSystemCallFilter=~write\n", "SystemCallFilter",
                  "read [read]; write inverted [write]" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check_read(&cases[i]);
}

static void test_origins(_unused_ void **state) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        const SettingList *list = &policy->settings[D_Environment];
        char *file = strdup("first.conf");
        Log log;

        log_init(&log);
        assert_int_equal(policy_read(policy, file, "[Sandbox]\nEnvironment=A=1\n", 25, &log.report), 0);
        free(file); /* the policy has its own copy */
        assert_int_equal(policy_read(policy, "second.conf", "\n[Sandbox]\nEnvironment=B=1 C=1\n", 31, &log.report), 0);
        assert_int_equal(policy_assign_argument(policy, "command line", "Environment=D=1", &log.report), 0);
        assert_int_equal(list->n, 4);
        for (size_t i = 0; i < list->n; i++) {
                static const char *const expected[] = { "first.conf:2", "second.conf:3", "second.conf:3",
                                                        "command line" };
                _cleanup_free_ char *origin = origin_format(list->items[i].origin);

                expect_text(list->items[i].value.text, origin, expected[i]);
        }
        log_deinit(&log);
}

typedef struct MistakeCase {
        const char *section, *key, *value, *message;
} MistakeCase;

static void test_mistakes(_unused_ void **state) {
        static const MistakeCase cases[] = {
                { "Service", "Nice", "1",
                  "f:3: Nice=: unknown section [Service]: a policy has the sections [Policy], [Scope], [Sandbox] and "
                  "[Stage.NAME]; isoctl import makes a policy of a service" },
                { "sandbox", "Nice", "1",
                  "f:3: Nice=: unknown section [sandbox]: a policy has the sections [Policy], [Scope], [Sandbox] and "
                  "[Stage.NAME]" },
                { "Scope", "Nice", "1", "f:3: Nice=: belongs in section [Sandbox], not in [Scope]" },
                { "Sandbox", "MemoryMax", "1M", "f:3: MemoryMax=: belongs in section [Scope], not in [Sandbox]" },
                { "Scope", "Optional", "Nice", "f:3: Optional=: belongs in section [Policy], not in [Scope]" },
                { "Scope", "MemoryMx", "1M", "f:3: MemoryMx=: no such directive (did you mean MemoryMax=?)" },
                { "Scope", "memorymax", "1M", "f:3: memorymax=: no such directive (did you mean MemoryMax=?)" },
                { "Sandbox", "BindPath", "/a", "f:3: BindPath=: no such directive (did you mean BindPaths=?)" },
                { NULL, "TaskMax", "1", "f:3: TaskMax=: no such directive (did you mean TasksMax=?)" },
                { "Sandbox", "Xyzzyplugh", "1", "f:3: Xyzzyplugh=: no such directive" },
                { "Sandbox", "Ni\x1b[1m", "1", "f:3: Ni\\x1b[1m=: no such directive" },
                { "Sandbox", "Nice", "\x1b[2J", "f:3: Nice=: not a number from -20 to 19: \"\\x1b[2J\"" },
                { "Sandbox", "Nice", "\xff", "f:3: Nice=: not a number from -20 to 19: \"\\xff\"" },
                { "\x07", "Nice", "1",
                  "f:3: Nice=: unknown section [\\x07]: a policy has the sections [Policy], [Scope], [Sandbox] and "
                  "[Stage.NAME]" },
                { "Sandbox", "Nice", "x", "f:3: Nice=: not a number from -20 to 19: \"x\"" },

                /* lines of unit files */
                { "Scope", "ProtectSystem", "yes",
                  "f:3: ProtectSystem=: belongs in section [Sandbox], not in [Scope]" },
                { "Sandbox", "ProtectSystem", "no",
                  "f:3: ProtectSystem=: \"no\" is not supported: isorun never makes the root writable: add writable "
                  "directories with BindPaths=" },
                { "Sandbox", "ProtectSystem", "most",
                  "f:3: ProtectSystem=: \"most\" is not supported: isorun never makes the root writable: add writable "
                  "directories with BindPaths=" },
                { "Sandbox", "NoNewPrivileges", "0",
                  "f:3: NoNewPrivileges=: \"0\" is not supported: isorun always sets no_new_privs" },
                { NULL, "KeyringMode", "yes",
                  "f:3: KeyringMode=: \"yes\" is not supported: the payload cannot use the caller's keyrings" },
                { "Sandbox", "ReadWritePaths", "/a -/b", "f:3: ReadWritePaths=: write BindPaths=/a -/b" },
                { "Sandbox", "MemoryLimit", "1M", "f:3: MemoryLimit=: write MemoryMax=1M (in [Scope])" },
                { "Sandbox", "Type", "notify",
                  "f:3: Type=: not a directive of policies: it concerns the service, not its sandbox: put it into the "
                  "unit that starts isorun" },
                { "Sandbox", "RestartSec", "1",
                  "f:3: RestartSec=: not a directive of policies: it concerns the service, not its sandbox: put it "
                  "into the unit that starts isorun" },
                { "Sandbox", "AppArmorProfile", "a",
                  "f:3: AppArmorProfile=: not a directive of policies: isorun has nothing like it" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const MistakeCase *c = &cases[i];
                _cleanup_(policy_freep) Policy *policy = test_policy();
                char expected[256];
                Log log;

                log_init(&log);
                snprintf(expected, sizeof(expected), "error: %s\n", c->message);
                expect_result(c->message, policy_assign(policy, (Origin) { "f", 3 }, c->section, c->key, c->value,
                                                        &log.report), -EBADMSG);
                expect_text(c->message, log_text(&log), expected);
                log_deinit(&log);
        }
}

/* Lines of unit files that isorun meets anyway: the last one of a key counts, and an empty one removes it. */
static void test_claims(_unused_ void **state) {
        static const struct {
                const char *key, *values[3];
                bool claimed;
        } cases[] = {
                { "NoNewPrivileges", { "true" }, true },       { "ProtectSystem", { "yes", "strict" }, true },
                { "ProtectSystem", { "full" }, true },         { "ProtectControlGroups", { "private" }, true },
                { "KeyringMode", { "private" }, true },        { "RemoveIPC", { "yes", "" }, false },
                { "ProtectClock", { "", "on" }, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(policy_freep) Policy *policy = test_policy();
                size_t n = 0;
                Log log;

                log_init(&log);
                for (const char *const *v = cases[i].values; *v; v++)
                        expect_result(
                                cases[i].key,
                                policy_assign(policy, (Origin) { "f", 3 }, "Sandbox", cases[i].key, *v, &log.report),
                                0);
                for (size_t k = 0; k < policy->n_claims; k++)
                        n += policy->claims[k].line != NULL;
                expect_number(cases[i].key, n, cases[i].claimed);
                expect_text(cases[i].key, log_text(&log), "");
                log_deinit(&log);
        }
}

/* Each line is found under its own name, and is not a directive, which would hide it. */
static void test_unit_lines(_unused_ void **state) {
        for (const UnitLine *line = unit_lines; line->key; line++) {
                assert_ptr_equal(unit_line_find(line->key), line);
                assert_non_null(line->kind == UNIT_LINE_DIRECTIVE ? line->directive : line->text);
                assert_true(line->prefix || !directive_find(line->key));
                if (line->kind == UNIT_LINE_DIRECTIVE)
                        assert_non_null(directive_find(line->directive));
        }
}

/* A very long name is not compared with the directives. */
static void test_long_key(_unused_ void **state) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        char key[4096];
        Log log;

        log_init(&log);
        memset(key, 'N', sizeof(key) - 1);
        key[sizeof(key) - 1] = '\0';
        assert_int_equal(test_assign(policy, &log, key, "1"), -EBADMSG);
        assert_int_equal(log.report.n_errors, 1);
        log_deinit(&log);
}

static void test_all_errors_in_one_go(_unused_ void **state) {
        static const char text[] = "Nice=1\n"
                                   "[Sandbox]\n"
                                   "Nice=low\n"
                                   "Ncie=1\n"
                                   "garbage\n"
                                   "InaccessiblePaths=a b\n"
                                   "Nice=5\n"
                                   "[Scope]\n"
                                   "TasksMax=0\n";
        static const char expected[] = "error: test.conf:1: this line comes before the first [Section]: \"Nice=1\"\n"
                                       "error: test.conf:3: Nice=: not a number from -20 to 19: \"low\"\n"
                                       "error: test.conf:4: Ncie=: no such directive (did you mean Nice=?)\n"
                                       "error: test.conf:5: neither a [Section] nor a KEY=VALUE line: \"garbage\"\n"
                                       "error: test.conf:6: InaccessiblePaths=: not an absolute path: \"a\"\n"
                                       "error: test.conf:6: InaccessiblePaths=: not an absolute path: \"b\"\n"
                                       "error: test.conf:9: TasksMax=: not a number of tasks from 1 to 4194304: \"0\"\n";
        _cleanup_(policy_freep) Policy *policy = test_policy();
        Log log;

        log_init(&log);
        assert_int_equal(test_read(policy, &log, text), -EBADMSG);
        expect_text("messages", log_text(&log), expected);
        expect_values("what was right", policy, "Nice", "5 n=5");
        log_deinit(&log);
}

/* A bad assignment leaves the earlier values unchanged. */
static void test_bad_assignment_changes_nothing(_unused_ void **state) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        Log log;

        log_init(&log);
        assert_int_equal(test_assign(policy, &log, "Nice", "1"), 0);
        assert_int_equal(test_assign(policy, &log, "Nice", "99"), -EBADMSG);
        expect_values("Nice", policy, "Nice", "1 n=1");
        log_deinit(&log);
}

static void test_arguments(_unused_ void **state) {
        static const struct {
                const char *argument, *directive, *values, *message;
        } cases[] = {
                { "Nice=5", "Nice", "5 n=5", "" },
                { "Environment=A=b=c", "Environment", "A=b=c", "" },
                { "Nice=", "Nice", "", "" },
                { "Nice", "Nice", "", "error: command line: not KEY=VALUE: \"Nice\"\n" },
                { "=5", "Nice", "", "error: command line: not KEY=VALUE: \"=5\"\n" },
                { "", "Nice", "", "error: command line: not KEY=VALUE: \"\"\n" },
                { "Nic=5", "Nice", "", "error: command line: Nic=: no such directive (did you mean Nice=?)\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(policy_freep) Policy *policy = test_policy();
                Log log;

                log_init(&log);
                expect_result(cases[i].argument,
                              policy_assign_argument(policy, "command line", cases[i].argument, &log.report),
                              *cases[i].message ? -EBADMSG : 0);
                expect_text(cases[i].argument, log_text(&log), cases[i].message);
                expect_values(cases[i].argument, policy, cases[i].directive, cases[i].values);
                log_deinit(&log);
        }
}

/* Each default parses, is used, and is replaced by a value of the policy. */
static void test_complete(_unused_ void **state) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        Log log;

        log_init(&log);
        assert_int_equal(test_assign(policy, &log, "PrivateNetwork", "no"), 0);
        assert_int_equal(policy_complete(policy, &log.report), 0);
        expect_text("messages", log_text(&log), "");
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Setting *s = policy_get(policy, id);

                expect_number(directive_table[id].name, s != NULL, directive_table[id].fallback != NULL);
                if (s)
                        expect_number(directive_table[id].name, s->origin.file == NULL, id != D_PrivateNetwork);
        }
        assert_false(policy_is_true(policy, D_PrivateNetwork));
        assert_true(policy_is_true(policy, D_PrivateIPC));
        assert_false(policy_is_true(policy, D_SendSIGHUP)); /* not set */
        log_deinit(&log);
}

static void test_optional(_unused_ void **state) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        Log log;

        log_init(&log);
        assert_null(policy_optional(policy, D_MemoryMax));
        assert_int_equal(test_assign(policy, &log, "Optional", "TasksMax MemoryMax"), 0);
        assert_non_null(policy_optional(policy, D_MemoryMax));
        assert_non_null(policy_optional(policy, D_TasksMax));
        assert_null(policy_optional(policy, D_CPUQuota));

        /* What the command line asks for is optional only if the command line says so. */
        assert_int_equal(policy_assign_argument(policy, "-p", "MemoryMax=1G", &log.report), 0);
        assert_null(policy_optional(policy, D_MemoryMax));
        assert_non_null(policy_optional(policy, D_TasksMax));
        assert_int_equal(policy_assign_argument(policy, "-p", "Optional=MemoryMax", &log.report), 0);
        assert_non_null(policy_optional(policy, D_MemoryMax));
        log_deinit(&log);
}

/* The entries of the table itself are usable. */
static void test_table(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];

                assert_non_null(d->name);
                assert_non_null(d->type);
                assert_non_null(d->help);
                assert_non_null(d->example);
                assert_ptr_equal(directive_find(d->name), d);
                assert_ptr_equal(directive_suggest(d->name), d);
                expect_number(d->name, d->property != NULL, d->section == SECTION_SCOPE);
                expect_number(d->name, d->signature != NULL, d->section == SECTION_SCOPE);
        }
        assert_null(directive_find("nice"));
        assert_null(directive_find(""));
        assert_null(policy_free(NULL));
}

/* Begins with good text. Then it changes, inserts and removes bytes, and doubles lines, at random but the same in each
 * run. The reading must end with a documented result, and report every error. */

static void write_example(FILE *f, DirectiveId id) {
        const Directive *d = &directive_table[id];

        fprintf(f, "[%s]\n%s=%s\n", section_names[d->section], d->name, d->example);
}

/* Makes one change to a text of *size bytes; the buffer has room for one more. */
static void mutate(char *text, size_t *size, uint32_t *seed) {
        static const char interesting[] = "\0\n\r\\%\"'~:;#=[]-/ ,@$.0\x7f\x80\xc2\xff";
        size_t at = *size ? next_random(seed) % *size : 0;
        char byte = next_random(seed) % 2 ? (char) next_random(seed)
                                          : interesting[next_random(seed) % (sizeof(interesting) - 1)];

        switch (next_random(seed) % 3) {
        case 0:
                text[at] = byte;
                *size += *size == 0;
                break;
        case 1:
                memmove(text + at + 1, text + at, *size - at);
                text[at] = byte;
                (*size)++;
                break;
        default:
                if (*size > 0)
                        memmove(text + at, text + at + 1, --*size - at);
        }
}

static void read_mutant(const char *text, size_t size) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        _cleanup_free_ char *exact = malloc(size ?: 1); /* so that the sanitizer finds a read past the end */
        Log log;
        int r;

        assert_non_null(exact);
        memcpy(exact, text, size);
        log_init(&log);
        r = policy_read(policy, "mutant", exact, size, &log.report);
        assert_true(r == 0 || r == -EBADMSG);
        assert_int_equal(r == 0, log.report.n_errors == 0);
        for (const char *c = log_text(&log); *c; c++)
                assert_true(!iscntrl((unsigned char) *c) || *c == '\n');
        log_deinit(&log);
}

static void test_mutants(_unused_ void **state) {
        enum { ROUNDS = 20000, CHANGES_MAX = 8, ROOM = 1024 };
        uint32_t seed = 20240229;

        for (unsigned i = 0; i < ROUNDS; i++) {
                char text[ROOM] = "";
                unsigned changes = next_random(&seed) % CHANGES_MAX;
                FILE *f = fmemopen(text, ROOM - CHANGES_MAX, "w");
                size_t size;

                assert_non_null(f);
                write_example(f, next_random(&seed) % _DIRECTIVE_MAX);
                write_example(f, i % _DIRECTIVE_MAX);
                fclose(f);
                size = strlen(text);
                while (changes-- > 0)
                        mutate(text, &size, &seed);
                read_mutant(text, size);
        }
}

/* Random bytes, for each directive in turn. */
static void test_random_values(_unused_ void **state) {
        enum { ROUNDS = 20000, LENGTH_MAX = 24 };
        uint32_t seed = 19700101;

        for (unsigned i = 0; i < ROUNDS; i++) {
                _cleanup_(policy_freep) Policy *policy = test_policy();
                size_t n = next_random(&seed) % LENGTH_MAX;
                _cleanup_free_ char *value = calloc(n + 1, 1);
                Log log;
                int r;

                assert_non_null(value);
                for (size_t k = 0; k < n; k++)
                        value[k] = (char) (1 + next_random(&seed) % (i % 2 ? 255 : 126));
                log_init(&log);
                r = test_assign(policy, &log, directive_table[i % _DIRECTIVE_MAX].name, value);
                assert_int_equal(r, log.report.n_errors ? -EBADMSG : 0);
                log_deinit(&log);
        }
}

/* A copied directive names a manual page. A lacking one says what is lost, unless nothing is. */
static void test_systemd_rows(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const SystemdRow *row = &systemd_table[id];

                if (row->way == SYSTEMD_UNKNOWN)
                        fail_msg("%s has no row in systemd.inc", directive_table[id].name);
                if ((row->way == SYSTEMD_COPIED && !row->page) || (row->way == SYSTEMD_LACKING && row->page) ||
                    (row->lost && row->way != SYSTEMD_LACKING))
                        fail_msg("%s: the row contradicts itself", directive_table[id].name);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_systemd_rows),
                cmocka_unit_test(test_replace_append_reset),
                cmocka_unit_test(test_origins),
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_claims),
                cmocka_unit_test(test_unit_lines),
                cmocka_unit_test(test_long_key),
                cmocka_unit_test(test_all_errors_in_one_go),
                cmocka_unit_test(test_bad_assignment_changes_nothing),
                cmocka_unit_test(test_arguments),
                cmocka_unit_test(test_complete),
                cmocka_unit_test(test_optional),
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_mutants),
                cmocka_unit_test(test_random_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
