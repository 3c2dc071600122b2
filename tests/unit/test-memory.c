/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes each allocation fail in turn. If the code then fails, it must say so and leak nothing (the sanitized build
 * checks that). If it does not fail, its result must be the same as always. */
#include "fail-memory.h"
#include "plan-fixture.h"

#include <dirent.h>
#include <errno.h>

#include "plan/make.h"
#include "policy/policy-load.h"
#include "util/text.h"

/* Sanitizers are slow, so with them only every third allocation fails. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 3 };
#else
enum { STRIDE = 1 };
#endif

/* One attempt. Returns 0 or -errno, and writes its result to out. */
typedef int (*Attempt)(void *userdata, Report *report, FILE *out);

/* The results of one attempt. */
typedef struct Trace {
        int result;
        bool failed; /* the allocation that was to fail was reached */
        char *said, *written;
        size_t n_errors;
} Trace;

static void trace_deinit(Trace *t) {
        free(t->said);
        free(t->written);
}

static void trace(Trace *t, Attempt attempt, void *userdata, size_t nth) {
        Buffer out;
        Log log;

        log_init(&log);
        buffer_init(&out);
        memory_fail(nth);
        t->result = attempt(userdata, &log.report, out.f);
        t->failed = memory_failed();
        t->n_errors = log.report.n_errors;
        t->said = strdup(log_text(&log));
        t->written = strdup(buffer_text(&out));
        assert_non_null(t->said);
        assert_non_null(t->written);
        buffer_deinit(&out);
        log_deinit(&log);
}

/* Without memory, a notice has neither file nor key: util/report.c. */
static bool said_same(const char *said, const char *good) {
        static const char notice[] = "notice: ";

        return streq(said, good) || (startswith(said, notice) && endswith(good, said + strlen(notice)));
}

static bool is_right(const Trace *t, const Trace *good) {
        if (t->result == 0)
                return streq(t->written, good->written) && said_same(t->said, good->said);
        return t->result == -ENOMEM && t->n_errors > 0;
}

/* Makes every step-th allocation of the attempt fail. Returns how many failed. */
static size_t starve(const char *what, Attempt attempt, void *userdata, size_t step) {
        _cleanup_(trace_deinit) Trace good = {};
        size_t n = 0, n_wrong = 0;
        bool failed = true;

        trace(&good, attempt, userdata, 0);
        if (good.result != 0)
                fail_msg("%s: returned %d: %s", what, good.result, good.said);
        for (size_t nth = 1; failed; nth += step * STRIDE) {
                _cleanup_(trace_deinit) Trace t = {};

                trace(&t, attempt, userdata, nth);
                failed = t.failed;
                n += failed;
                if (!failed || is_right(&t, &good))
                        continue;
                print_error("%s: allocation %zu: returned %d, %s, said: %s\n", what, nth, t.result,
                            streq(t.written, good.written) ? "made the same plan" : "made another plan", t.said);
                n_wrong++;
        }
        assert_int_equal(n_wrong, 0);
        return n;
}

/* The parsers. */

static int parse_example(void *userdata, Report *report, _unused_ FILE *out) {
        _cleanup_(policy_freep) Policy *policy = policy_new(&test_specifiers);
        const Directive *d = userdata;

        if (!policy)
                return report_oom(report);
        return policy_assign(policy, (Origin) { .file = "test.conf", .line = 7 }, NULL, d->name, d->example, report);
}

static void test_parse(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (starve(directive_table[id].name, parse_example, (void *) &directive_table[id], 1) == 0)
                        fail_msg("%s: nothing failed", directive_table[id].name);
}

/* Whole starts, up to the plan and its text. */

typedef struct Start {
        PlanFixture *fixture;
        const char *text;               /* text of the policy */
        const char *spec;               /* or its name */
        char *const *search_path;       /* with this search path */
        const char *argument;           /* of --bind; may be NULL */
        char *const *tables;            /* directories; with argument */
} Start;

static int read_policy(const Start *s, Policy *policy, Report *report) {
        return s->text ? policy_read(policy, "test.conf", s->text, strlen(s->text), report)
                       : policy_load(policy, s->spec, s->search_path, report);
}

static int read_bindings(const Start *s, Bindings *bindings, Report *report) {
        int r;

        if (!s->argument)
                return 0;
        bindings->specifiers = &s->fixture->specifiers;
        r = bindings_add_argument(bindings, "--bind", s->argument, report);
        return r < 0 ? r : bindings_read_tables(bindings, s->tables, report);
}

static int start(void *userdata, Report *report, FILE *out) {
        Start *s = userdata;
        _cleanup_(policy_freep) Policy *policy = policy_new(&s->fixture->specifiers);
        _cleanup_(plan_freep) Plan *plan = NULL;
        _cleanup_(bindings_deinit) Bindings bindings = {};
        PlanRequest request = s->fixture->request;
        int status, r;

        if (!policy)
                return report_oom(report);
        r = read_policy(s, policy, report);
        if (r >= 0)
                r = policy_complete(policy, report);
        if (r >= 0)
                r = read_bindings(s, &bindings, report);
        request.bindings = &bindings;
        if (r >= 0)
                r = plan_new(&plan, policy, &s->fixture->host, &request, report, &status);
        if (r >= 0)
                r = report_if_oom(report, plan_print_text(plan, policy, FORM_WHOLE, out));
        return r;
}

/* Directives that contradict one of the others, and the command, which the host may lack. */
static bool stands_alone(DirectiveId id) {
        return id == D_Nesting || id == D_ProtectProc || id == D_ProcSubset || id == D_BindReadOnlyPaths ||
               id == D_SystemCallArchitectures || id == D_ExecStart || id == D_Pool || id == D_ConnectTo ||
               id == D_ListenOn || id == D_GrantPeers;
}

static void test_every_directive(void **state) {
        Start s = { .fixture = *state };
        _cleanup_text_ Text text = {};
        size_t n;

        s.fixture->host.terminals = 7;
        assert_int_equal(text_open(&text), 0);
        fputs("[Policy]\nExecStart=/bin/sh -c true\n", text.f);
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (!stands_alone(id))
                        fprintf(text.f, "[%s]\n%s=%s\n", section_names[directive_table[id].section],
                                directive_table[id].name, plan_example(id));
        s.text = text_so_far(&text);
        n = starve("every directive", start, &s, 1);
        if (n < 1000 / STRIDE)
                fail_msg("%zu allocations are not all of a start", n);
}

static int find_ranges(_unused_ uid_t owner, IdRange *ret_uids, IdRange *ret_gids) {
        *ret_uids = *ret_gids = (IdRange) { .first = 100000, .count = 65536 };
        return 0;
}

/* Directives that one start cannot have together with the others. */
static void test_the_others(void **state) {
        static const struct {
                const char *name, *text;
                uid_t uid;
                const char *unit;
        } rows[] = {
                { "a user's", "ProtectProc=invisible\nProcSubset=pid\nSystemCallArchitectures=x86 arm64\n", 1000, NULL },
                { "a nest", "Nesting=yes\nBindReadOnlyPaths=%h/data:/data\nWorkingDirectory=-/none\n", 1000, NULL },
                { "private ids", "PrivateUsers=full\nUser=33\nTemporaryFileSystem=/srv:size=1M,mode=0700\n", 0, NULL },
                { "a pool", "[Policy]\nPool=a\n[Scope]\nSlice=a-b.slice\nMemoryMax=1M\n", 1000, NULL },
                { "a service", "LoadCredential=a:%h/file\nPassEnvironment=LANG\n", 0, "web.service" },
        };
        PlanFixture *f = *state;

        f->host.find_ranges = find_ranges;
        f->host.cgroup = (char *) "/system.slice/web.service";
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = format("[Sandbox]\nRootDirectory=%%h/root\n%s", rows[i].text);
                Start s = { .fixture = f, .text = text };

                plan_set_uid(f, rows[i].uid);
                f->host.unit = (char *) rows[i].unit;
                starve(rows[i].name, start, &s, 11);
        }
}

/* Base=, drop-ins, tables and names. */
static void test_files(void **state) {
        Start s = { .fixture = *state, .spec = "top", .argument = "web=/srv" };
        char path[PATH_MAX], *search_path[] = { path, NULL }, tables[PATH_MAX], *directories[] = { tables, NULL };

        s.search_path = search_path;
        s.tables = directories;
        temp_text(s.fixture->dir, "policies/base.conf", "[Sandbox]\nRootDirectory=%h/root\nVolume=web:/srv:ro\n");
        temp_text(s.fixture->dir, "policies/top.conf", "[Policy]\nBase=base\n[Sandbox]\nVolume=data:/data\n");
        temp_text(s.fixture->dir, "policies/top.conf.d/10.conf", "[Scope]\nMemoryMax=1G\n");
        temp_text(s.fixture->dir, "tables/a.conf", "[Volumes]\ndata=%h/data:ro\n");
        temp_path(path, s.fixture->dir, "policies");
        temp_path(tables, s.fixture->dir, "tables");
        starve("files", start, &s, 3);
}

/* Not those of a service of Debian: a machine that only builds has neither its program nor its user. */
static int is_policy(const struct dirent *entry) {
        static const char *const of_services[] = { "nginx-static.conf", "php-fpm.conf", "postgres.conf",
                                                     "redis.conf", "sshd.conf" };

        for (size_t i = 0; i < ELEMENTSOF(of_services); i++)
                if (streq(entry->d_name, of_services[i]))
                        return false;
        return endswith(entry->d_name, ".conf");
}

static void test_shipped(void **state) {
        struct dirent **entries;
        int n = scandir(POLICIES, &entries, is_policy, alphasort);

        assert_true(n >= 13);
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *path = format("%s/%s", POLICIES, entries[i]->d_name);
                Start s = { .fixture = *state, .spec = path, .search_path = (char *[]) { NULL } };

                /* "nest" is not for root. */
                plan_set_uid(s.fixture, streq(entries[i]->d_name, "nest.conf") ? 1000 : 0);
                starve(entries[i]->d_name, start, &s, 29);
                free(entries[i]);
        }
        free(entries);
}

/* Reports must work even if there is no memory for the line. */
static void test_report(_unused_ void **state) {
        Log log;

        log_init(&log);
        memory_fail(1);
        report_error_at(&log.report, (Origin) { .file = "a.conf", .line = 7 }, "Key", EINVAL, "%s: %s\n", "what", "why");
        assert_true(memory_failed());
        expect_text("cut", log_text(&log), "error: what: why?\n");

        report_oom(&log.report);
        expect_result("other errors are none of memory", report_if_oom(&log.report, -EINVAL), -EINVAL);
        expect_result("one of memory", report_if_oom(&log.report, -ENOMEM), -ENOMEM);
        expect_text("once", log_text(&log), "error: what: why?\nerror: out of memory\n");
        expect_number("errors", log.report.n_errors, 2);
        log_deinit(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_report),
                cmocka_unit_test(test_parse),
                IN_PLAN(test_every_directive),
                IN_PLAN(test_the_others),
                IN_PLAN(test_files),
                IN_PLAN(test_shipped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
