/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"
#include "util/mount-table.h"

static void parse_table(const char *text, MountTable *ret) {
        _cleanup_free_ char *copy = strdup(text);

        assert_non_null(copy);
        expect_result(text, mount_table_parse(copy, ret), 0);
}

static const char table_text[] =
        "20 1 8:1 / / ro,nosuid shared:1 - ext4 /dev/sda rw\n"
        "21 20 8:1 /data /a rw - ext4 /dev/sda rw\n"
        "22 21 0:30 / /a/b rw - tmpfs none rw,size=4k\n"
        "23 20 0:31 / /a ro - tmpfs none rw\n" /* beside the one on /a: not on it */
        "24 23 0:32 / /a ro,noexec - tmpfs none rw\n"
        "25 20 0:33 / /with\\040space\\134 rw master:2 - proc none rw,hidepid=invisible\n";

/* A path leads to the mount on top, and mounts below others are not seen. */
static void test_table(_unused_ void **state) {
        static const struct {
                const char *path, *device;
        } cases[] = {
                { "/", "8:1" },          { "/b", "8:1" },   { "/with space\\", "0:33" }, { "/with space\\/x", "0:33" },
                { "/with space", "8:1" }, { "/ab", "8:1" },
        };
        _cleanup_(mount_table_deinit) MountTable table = {};
        _cleanup_free_ char *path = NULL;

        parse_table(table_text, &table);
        expect_number("mounts", table.n, 6);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_text(cases[i].path, mount_table_find(&table, cases[i].path)->device, cases[i].device);
        path = mount_path_in(&table.items[1], "/a/c/d");
        expect_text("path in it", path, "/data/c/d");
        expect_text("option", mount_option(table.items[5].super_options, "hidepid="), "invisible");
        assert_null(mount_option("rw,nosuid", "nosui"));
        assert_null(mount_option("errors=ro,rw", "ro"));
        assert_true(mount_table_shows(&table, &table.items[0]));
}

/* What hides another mount is what is seen. */
static void test_hidden(_unused_ void **state) {
        static const char text[] = "20 1 8:1 / / ro - ext4 /dev/sda rw\n"
                                   "21 20 8:1 /data /a rw - ext4 /dev/sda rw\n"
                                   "22 21 0:30 / /a/b rw - tmpfs none rw\n"
                                   "23 21 0:31 / /a ro - tmpfs none rw\n";
        _cleanup_(mount_table_deinit) MountTable table = {};

        parse_table(text, &table);
        expect_text("on top", mount_table_find(&table, "/a")->device, "0:31");
        expect_text("below it", mount_table_find(&table, "/a/b")->device, "0:31");
        assert_false(mount_table_shows(&table, &table.items[1]));
        assert_false(mount_table_shows(&table, &table.items[2]));
        assert_true(mount_table_shows(&table, &table.items[3]));
}

static void test_bad_tables(_unused_ void **state) {
        static const char *const texts[] = { "x\n", "20 1 8:1 / / ro - ext4\n", "20 1 8:1 / - ext4 a rw\n",
                                             "20 1 8:1 / / ro ext4 a rw\n", " - \n" };
        MountTable circle = {};
        char circular[] = "20 21 8:1 / / ro - ext4 a rw\n21 20 8:1 / / ro - ext4 a rw\n";

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *copy = strdup(texts[i]);
                MountTable table = {};

                assert_non_null(copy);
                expect_result(texts[i], mount_table_parse(copy, &table), -EINVAL);
                expect_number(texts[i], table.n, 0);
        }
        expect_result("a circle", mount_table_parse(circular, &circle), 0);
        assert_null(mount_table_find(&circle, "/x"));
        mount_table_deinit(&circle);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_hidden),
                cmocka_unit_test(test_bad_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
