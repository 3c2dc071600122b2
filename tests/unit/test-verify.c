/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The promises of a plan, as isoctl verify reads them. */
#include "cmd/verify/promise.h"
#include "helper.h"
#include "plan/show/promises.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_promises),
                IN_PLAN(test_mounts),
                cmocka_unit_test(test_bad_promises),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
