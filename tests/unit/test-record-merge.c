/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How isorun --record makes one policy of two. */
#include "plan-fixture.h"

#include "plan/record/merge.h"
#include "util/strv.h"
#include "util/text.h"

/* Two records. */

static char *policy_of(const char *lines) {
        return format("# made\n[Policy]\n\n[Scope]\nMemoryMax=64M\nTasksMax=16\n\n[Sandbox]\n%s", lines);
}

static void expect_merged(const char *earlier, const char *newer, bool tighten, const char *expected, const char *gone) {
        _cleanup_free_ char *a = policy_of(earlier), *b = policy_of(newer), *wanted = policy_of(expected), *got = NULL,
                             *removed = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        expect_result(earlier, record_merge(a, b, tighten, &got, &lines), 0);
        expect_text("merged", got, wanted);
        removed = strv_join(lines, ";");
        expect_text("removed", removed ?: "", gone);
}

/* promise P56 */
static void test_merge(_unused_ void **state) {
        static const struct {
                const char *earlier, *newer, *expected;
        } cases[] = {
                { "", "", "" },
                { "BindPaths=/b\n", "BindPaths=/c\nBindPaths=/a\n", "BindPaths=/a\nBindPaths=/b\nBindPaths=/c\n" },
                { "# read once\nBindPaths=/b\n", "# read 2 times\nBindPaths=/b\n", "# read 2 times\nBindPaths=/b\n" },
                { "# mine\nBindPaths=/b\n", "", "# mine\nBindPaths=/b\n" },
                { "BindReadOnlyPaths=/b/c\n", "BindReadOnlyPaths=/b\n", "BindReadOnlyPaths=/b\n" },
                { "BindReadOnlyPaths=/b\n", "BindReadOnlyPaths=/b/c\n", "BindReadOnlyPaths=/b\n" },
                { "BindReadOnlyPaths=/b\n", "BindPaths=/b\n", "BindPaths=/b\n" },
                { "BindPaths=/b\n", "BindReadOnlyPaths=/b\n", "BindPaths=/b\n" },
                { "BindReadOnlyPaths=/b\n", "BindPaths=/b/c\n", "BindPaths=/b/c\nBindReadOnlyPaths=/b\n" },
                { "BindReadOnlyPaths=/bc\n", "BindReadOnlyPaths=/b\n", "BindReadOnlyPaths=/b\nBindReadOnlyPaths=/bc\n" },
                { "BindReadOnlyPaths=/b\n", "BindReadOnlyPaths=/x:/b/c\n", "BindReadOnlyPaths=/b\nBindReadOnlyPaths=/x:/b/c\n" },
                { "Symlink=/b/c:/d\n", "BindReadOnlyPaths=/b\n", "BindReadOnlyPaths=/b\n" },
                { "Directory=/b\n", "BindReadOnlyPaths=/b\n", "BindReadOnlyPaths=/b\n" },
                { "SystemCallFilter=@file-system\n", "SystemCallFilter=chmod\nSystemCallFilter=kill\n",
                  "SystemCallFilter=@file-system\nSystemCallFilter=kill\n" },
                { "SystemCallFilter=chmod\n", "SystemCallFilter=@file-system\n", "SystemCallFilter=@file-system\n" },
                /* What was denied by hand stays denied. */
                { "SystemCallFilter=@file-system\nSystemCallFilter=~chmod\n", "SystemCallFilter=@file-system\n",
                  "SystemCallFilter=@file-system\nSystemCallFilter=~chmod\n" },
                { "SystemCallFilter=@file-system\nSystemCallFilter=~chmod\n", "SystemCallFilter=@default\nSystemCallFilter=chmod\n",
                  "SystemCallFilter=@default\nSystemCallFilter=@file-system\nSystemCallFilter=~chmod\n" },
                { "SystemCallFilter=openat\nSystemCallFilter=~chmod kill\n", "SystemCallFilter=@file-system\nSystemCallFilter=kill\n",
                  "SystemCallFilter=@file-system\nSystemCallFilter=kill\nSystemCallFilter=openat\nSystemCallFilter=~chmod kill\n" },
                { "SystemCallFilter=~chmod\n", "SystemCallFilter=@file-system\n", "SystemCallFilter=~chmod\n" },
                { "SystemCallFilter=~chmod\nSystemCallFilter=\nSystemCallFilter=openat\nSystemCallFilter=~kill\n", "SystemCallFilter=kill\n",
                  "SystemCallFilter=~chmod\nSystemCallFilter=\nSystemCallFilter=kill\nSystemCallFilter=openat\nSystemCallFilter=~kill\n" },
                { "RestrictAddressFamilies=none\n", "RestrictAddressFamilies=AF_INET\n", "RestrictAddressFamilies=AF_INET\n" },
                { "RestrictAddressFamilies=AF_INET\n", "RestrictAddressFamilies=none\n", "RestrictAddressFamilies=AF_INET\n" },
                /* One value: the hand's. */
                { "RootDirectory=/srv\n", "RootDirectory=none\n", "RootDirectory=/srv\n" },
                { "Environment=\"A=b\\\n c\"\n", "", "Environment=\"A=b\\\n c\"\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_merged(cases[i].earlier, cases[i].newer, false, cases[i].expected, "");
}

static void test_tighten(_unused_ void **state) {
        expect_merged("BindPaths=/b\n", "BindReadOnlyPaths=/b/c\n", true, "BindReadOnlyPaths=/b/c\n", "BindPaths=/b");
        expect_merged("SystemCallFilter=chmod\nSystemCallFilter=kill\n", "SystemCallFilter=kill\n", true,
                      "SystemCallFilter=kill\n", "SystemCallFilter=chmod");
        expect_merged("RootDirectory=/srv\n", "", true, "RootDirectory=/srv\n", "");
}

static void test_merge_limits(_unused_ void **state) {
        static const struct {
                const char *earlier, *newer, *expected;
        } cases[] = {
                { "MemoryMax=64M", "MemoryMax=1G", "MemoryMax=1G" },
                { "MemoryMax=1G", "MemoryMax=64M", "MemoryMax=1G" },
                { "MemoryMax=50%", "MemoryMax=64M", "MemoryMax=50%" },
                { "MemoryMax=infinity", "MemoryMax=64M", "MemoryMax=infinity" },
                { "TasksMax=16", "TasksMax=20", "TasksMax=20" },
                { "MemoryMax=1G\nMemoryMax=32M", "MemoryMax=64M", "MemoryMax=64M" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *a = format("[Scope]\n%s\n", cases[i].earlier),
                                     *b = format("[Scope]\n%s\n", cases[i].newer), *got = NULL,
                                     *wanted = format("[Policy]\n\n[Scope]\n%s\n\n[Sandbox]\n", cases[i].expected);
                _cleanup_strv_free_ char **gone = NULL;

                expect_result(a, record_merge(a, b, false, &got, &gone), 0);
                expect_text(a, got, wanted);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_merge),
                cmocka_unit_test(test_tighten),
                cmocka_unit_test(test_merge_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
