/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers in the files of a cgroup. */
#include "sandbox/limits/cgroup.h" /* before cmocka.h, which defines fail() */

#include <errno.h>

#include "helper.h"

static void test_find_number(_unused_ void **state) {
        static const struct {
                const char *text, *key;
                int result;
                uint64_t number;
        } cases[] = {
                { "42\n", NULL, 0, 42 },
                { "max\n", NULL, -ERANGE, 0 },
                { "", NULL, -ENODATA, 0 },
                { "many\n", NULL, -ENODATA, 0 },
                { "oom 1\noom_kill 2\n", "oom_kill", 0, 2 },
                { "oom_kill 2\noom 1\n", "oom", 0, 1 },
                { "oom 1\n", "oom_kill", -ENODATA, 0 },
                { "oom_kill\n", "oom_kill", -ENODATA, 0 },
                { "limit max\n", "limit", -ERANGE, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strdup(cases[i].text);
                uint64_t number = 0;

                expect_result(cases[i].text, cgroup_find_number(text, cases[i].key, &number), cases[i].result);
                expect_number(cases[i].text, number, cases[i].number);
        }
}

static void test_is_empty(_unused_ void **state) {
        static const struct {
                const char *events;
                bool empty;
        } cases[] = {
                { NULL, false }, { "", false }, { "populated 1\nfrozen 0\n", false },
                { "populated 0\nfrozen 0\n", true }, { "frozen 0\npopulated 0\n", true },
        };
        char *dir = temp_make();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                if (cases[i].events)
                        temp_text(dir, "cgroup.events", cases[i].events);
                expect_number(cases[i].events ?: "no file", cgroup_is_empty(dir), cases[i].empty);
        }
        temp_remove(dir);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_find_number), cmocka_unit_test(test_is_empty) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
