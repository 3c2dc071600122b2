/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The summary of a plan in words, of which isoctl makes JSON. Another user may have written it. */
#include "helper.h"

#include "cmd/show/json-summary.h"

static int parse(const char *words, size_t *ret_members) {
        _cleanup_free_ char *text = strdup(words);
        Report report = {};
        JsonLibrary lib;
        json_t *summary;
        int r;

        assert_non_null(text);
        if (json_library_load(&lib, "--json", &report) < 0)
                skip();
        r = json_summary(&lib, text, &summary);
        if (r >= 0) {
                *ret_members = lib.json_object_size(summary);
                lib.json_delete(summary);
        }
        return r;
}

static void test_good(_unused_ void **state) {
        size_t members = 0;

        expect_result("two lines", parse("line network\npart kind text none\norigin 3 /x.conf\norigin 0\n"
                                         "line writes\npart volumes list /a \"/b c\"\npart none list\n", &members), 0);
        expect_number("members", members, 2);
        expect_result("the same line twice", parse("line a\nline a\npart b text c\n", &members), 0);
        expect_number("one member", members, 1);
}

static void test_wrong(_unused_ void **state) {
        static const char *const texts[] = {
                "part a list x\n",          "origin 1\n",
                "line\n",                   "line a b\n",
                "line a\npart\n",           "line a\npart b\n",
                "line a\npart b other c\n", "line a\npart b text\n",
                "line a\npart b text c d\n", "line a\npart origins list b\n",
                "line a\norigin\n",         "line a\norigin x\n",
                "line a\norigin 1 b c\n",   "line a\norigin 4294967296\n",
                "line a\norigin 1\nfly b\n", "line \"a\n",
                "line \\q\n",              " \n",
                "line \"\\x80\"\n",          "line a\npart \"\\xff\" text b\n",
                "line \"\\xff\"\n",          "line a\npart \"\" text b\n",
        };
        size_t members;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                expect_result(texts[i], parse(texts[i], &members), -EPROTO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_wrong),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
