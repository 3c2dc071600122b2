/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The promises of a plan, as isoctl verify reads them. */
#include "cmd/verify/kept-policy.h"
#include "cmd/verify/promise.h"
#include "plan-fixture.h"
#include "plan/show/promises.h"
#include "plan/show/source.h"

static void parse_promises(const PlanFixture *f, Promises *ret) {
        Buffer b;

        buffer_init(&b);
        assert_int_equal(plan_print_promises(f->plan, b.f), 0);
        expect_result("promises", promises_parse(buffer_text(&b), ret), 0);
        buffer_deinit(&b);
}

/* A promise comes back as it was in the plan, whatever its characters are. */
static void test_promises(void **state) {
        _cleanup_(promises_deinit) Promises promises = {};
        PlanFixture *f = *state;
        const Promise *p;

        plan_expect_good(f, "MemoryMax=64M\nTemporaryFileSystem=\"/a b\\n\\\"c:size=1M\"\nDevicePolicy=closed\n"
                            "Optional=DevicePolicy\nCapabilityBoundingSet=CAP_CHOWN\n");
        parse_promises(f, &promises);

        p = promises_find(&promises, "property", "MemoryMax");
        assert_non_null(p);
        expect_text("origin", promise_origin(p), "test.conf:1");
        expect_text("value", promise_value(p, 1), "64M");
        expect_number("not optional", promise_number_of(p, 2), 0);
        p = promises_find(&promises, "property", "DevicePolicy");
        assert_non_null(p);
        expect_number("optional", promise_number_of(p, 2), 1);

        p = promises_find(&promises, "capabilities", NULL);
        assert_non_null(p);
        expect_text("bounding", promise_value(p, 0), "1");
        assert_non_null(promises_find(&promises, "no_new_privs", NULL));

        for (size_t i = 0; i < promises.n; i++) {
                p = &promises.items[i];
                if (promise_is(p, "mount") && startswith(promise_value(p, 1), "/a b")) {
                        expect_text("path", promise_value(p, 1), "/a b\n\"c");
                        return;
                }
        }
        fail_msg("the mount is not promised");
}

/* Each mount of the plan is a promise, and read-only unless the payload can write there. */
static void test_mounts(void **state) {
        _cleanup_(promises_deinit) Promises promises = {};
        PlanFixture *f = *state;
        size_t n = 0, mounts = 0;

        plan_expect_good(f, "BindReadOnlyPaths=/usr/share\n");
        parse_promises(f, &promises);
        for (size_t i = 0; i < f->plan->n_mounts; i++) {
                const PlanMount *m = &f->plan->mounts[i];

                mounts += m->kind != MOUNT_DIRECTORY && m->kind != MOUNT_SYMLINK;
        }
        for (size_t i = 0; i < promises.n; i++) {
                const Promise *p = &promises.items[i];
                const PlanMount *m = promise_is(p, "mount") ? plan_find_mount(f->plan, promise_value(p, 1)) : NULL;

                if (!m)
                        continue;
                n++;
                if (m->attributes.read_only && !strstr(promise_value(p, 2), PROMISE_READ_ONLY))
                        fail_msg("%s is not promised to be read-only", m->destination);
        }
        expect_number("mounts", n, mounts);
}

static void test_bad_promises(_unused_ void **state) {
        static const char *const texts[] = { "\n", "one\n", "\"\" \"kind\n", "\"\" good\n\"\\q\" bad\n" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Promises promises = {};

                expect_result(texts[i], promises_parse(texts[i], &promises), -EPROTO);
                expect_number(texts[i], promises.n, 0);
        }
}

/* Reads what an instance says about its policy, without the lines that begin with leave_out, and with one more. */
static int read_policy(const PlanFixture *f, const char *leave_out, const char *add, Log *log, Policy **ret) {
        Buffer all, some;
        char *line, *position;
        int r;

        buffer_init(&all);
        buffer_init(&some);
        log_init(log);
        assert_int_equal(plan_print_source(f->plan, all.f), 0);
        position = (char *) buffer_text(&all);
        while ((line = strsep(&position, "\n")))
                if (*line && !startswith(line, leave_out))
                        fprintf(some.f, "%s\n", line);
        fputs(add, some.f);
        *ret = policy_new(&f->specifiers);
        r = kept_policy_read(*ret, "it", buffer_text(&some), &log->report);
        buffer_deinit(&some);
        buffer_deinit(&all);
        return r;
}

/* promise P52 */
static void test_policy_of_instance(void **state) {
        static const struct {
                const char *leave_out, *add, *error;
        } cases[] = {
                { "\"\" setting PrivateNetwork ", "", "it: isoctl cannot understand its policy: PrivateNetwork" },
                { "\"\" setting CapabilityBoundingSet ", "", "cannot understand its policy: CapabilityBoundingSet" },
                { "x", "\"\" setting PrivateNetwork \"\" \"\" 0\n", "cannot understand its policy: Protocol error" },
                { "x", "\"\" setting Private no \"\" 0\n", "cannot understand its policy: Protocol error" },
                { "x", "\"\" other PrivateNetwork no \"\" 0\n", "cannot understand its policy: Protocol error" },
                { "x", "\"\" setting PrivateNetwork maybe f 7\n", "f:7: PrivateNetwork=: not a boolean" },
                { "x", "\"\" no-line File\n", "it: its policy cannot be told: no line means the same as its File=" },
                { "x", "\"", "cannot understand its policy: Protocol error" },
        };
        PlanFixture *f = *state;
        Policy *policy;
        Log log;

        plan_expect_good(f, "Environment='A=b c%%'\nPrivateNetwork=no\n");
        assert_int_equal(read_policy(f, "x", "", &log, &policy), 0);
        assert_false(policy_is_true(policy, D_PrivateNetwork));
        expect_number("line", policy_get(policy, D_PrivateNetwork)->origin.line, 2);
        expect_text("file", policy_get(policy, D_PrivateNetwork)->origin.file, "test.conf");
        assert_null(policy_get(policy, D_LockPersonality)->origin.file);
        expect_text("value", policy_get(policy, D_Environment)->value.text, "A=b c%");
        policy_free(policy);
        log_deinit(&log);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_true(read_policy(f, cases[i].leave_out, cases[i].add, &log, &policy) < 0);
                expect_in(cases[i].add, log_text(&log), cases[i].error);
                policy_free(policy);
                log_deinit(&log);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_promises),
                IN_PLAN(test_mounts),
                cmocka_unit_test(test_bad_promises),
                IN_PLAN(test_policy_of_instance),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
