/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pool in a cgroup that is gone. */
#include "sandbox/outside/pool-below.h" /* before cmocka.h, which defines fail() */

#include "helper.h"

/* -ENOENT would mean that the pool alone is gone, and that a start makes it again: for ever. */
static void test_gone(_unused_ void **state) {
        static const struct {
                const char *pool, *message;
        } cases[] = {
                { "a.service", "error: cannot make the pool /gone/isorun_pool-x: its service has ended\n" },
                { "isorun_pool-x", "error: cannot make the pool /gone/isorun_pool-x: the cgroup that it is in is gone\n" },
        };
        char *dir = temp_make();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Plan plan = { .cgroup_root = dir, .cgroup = (char *) "/gone/isorun_pool-x",
                              .pool = (char *) cases[i].pool, .pool_base = (char *) "/gone" };
                Log log;

                log_init(&log);
                expect_result(cases[i].pool, pool_below_open(&plan, &log.report), -ESTALE);
                expect_text(cases[i].pool, log_text(&log), cases[i].message);
                log_deinit(&log);
        }
        temp_remove(dir);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_gone) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
