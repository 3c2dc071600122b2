/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of failed calls, which a payload fills. */
#include "helper.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "sandbox/watch/denials.h"
#include "sandbox/watch/told.h"
#include "util/text.h"

static void add(Denials *d, int error, WatchedUse use, const char *path) {
        denials_add(d, &(Denial) { .number = SYS_openat, .error = error, .use = use, .path = path });
}

static void add_call(Denials *d, int number, uint64_t argument) {
        denials_add(d, &(Denial) { .number = number, .error = EPERM, .by_filter = true, .arguments = { argument } });
}

static void test_same(_unused_ void **state) {
        _cleanup_(denials_freep) Denials *d = denials_new();
        char path[] = "/a";

        add(d, ENOENT, USE_READ, path);
        path[1] = 'b'; /* the table has a copy */
        add(d, ENOENT, USE_LOOK, "/a");
        add(d, EACCES, USE_READ, "/a");
        add(d, EACCES, USE_ATTRIBUTES, "/a");
        add(d, ENOENT, USE_CREATE, "/a");
        add_call(d, SYS_mount, 1);
        add_call(d, SYS_mount, 2);
        add_call(d, SYS_socket, 16);
        add_call(d, SYS_socket, 17);
        add_call(d, SYS_socket, 1000); /* the families that there are not are one */
        add_call(d, SYS_socket, UINT32_MAX);
        assert_int_equal(denials_count(d), 8);
        assert_string_equal(denials_get(d, 0)->path, "/a");
        assert_int_equal(denials_get(d, 0)->count, 2);
        assert_int_equal(denials_get(d, 4)->count, 2);
        assert_int_equal(denials_get(d, 4)->arguments[0], 1);
        assert_int_equal(denials_lost(d), 0);
}

/* Missing files leave room for others, whose text has a bound of its own. */
static void test_bounds(_unused_ void **state) {
        _cleanup_(denials_freep) Denials *d = denials_new();
        static char longest[4096];

        for (int i = 0; i < 2 * DENIALS_MAX; i++) {
                char path[32];

                snprintf(path, sizeof(path), "/%d", i);
                add(d, ENOENT, USE_READ, path);
        }
        assert_int_equal(denials_count(d), DENIALS_MISSING_MAX);
        assert_int_equal(denials_lost(d), 2 * DENIALS_MAX - DENIALS_MISSING_MAX);
        memset(longest, 'x', sizeof(longest) - 1);
        for (int i = 0; i < DENIALS_MAX; i++) {
                longest[i % 4000] ^= 1;
                add(d, EACCES, USE_READ, longest);
        }
        assert_in_range(denials_count(d), DENIALS_MISSING_MAX + 200, DENIALS_MISSING_MAX + 256);
        add_call(d, SYS_mount, 1);
        assert_int_equal(denials_get(d, denials_count(d) - 1)->number, SYS_mount);
}

/* What isoctl reads is what was written, whatever the payload has called its files. */
static void test_told(_unused_ void **state) {
        static const char odd[] = "/a \n\"b\\ \xff'";
        const Told told = { .call = "openat", .object = odd, .count = 3, .reason = "hidden by x.conf:1",
                            .answer = { .verdict = WHY_DENIED, .error = EACCES, .text = (char *) odd,
                                        .allow = (char *) "BindPaths=/a" } };
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *words = NULL, *line = NULL;
        ToldLine got;
        char *rest;

        assert_int_equal(text_open(&text), 0);
        told_write_remark("one\ntwo", text.f);
        told_write(&told, text.f);
        rest = words = text_finish(&text);
        expect_result("the remark", told_parse(&rest, &got), 1);
        assert_true(got.is_remark);
        assert_string_equal(got.told.reason, "one\ntwo");
        told_line_deinit(&got);
        expect_result("the denial", told_parse(&rest, &got), 1);
        assert_false(got.is_remark);
        assert_string_equal(got.told.object, odd);
        assert_string_equal(got.told.answer.text, odd);
        line = told_format(&got.told);
        assert_string_equal(line, "openat /a \n\"b\\ \xff': EACCES (3 times) – hidden by x.conf:1 – to allow: "
                            "-p BindPaths=/a");
        told_line_deinit(&got);
        expect_result("the end", told_parse(&rest, &got), 0);
}

/* The instance may be another user's. */
static void test_told_wrong(_unused_ void **state) {
        static const char *const bad[] = {
                "\n", "remark\n", "remark a b\n", "denied a b 1 c\n", "denied a b 0 c\ndenied 1 mount f 1 t a o\n",
                "denied a b 1\ndenied 1 mount f 1 t a o\n", "denied a b 1 c\nremark x\n", "denied a \"b 1 c\n",
                "denied a b 4294967296 c\ndenied 1 mount f 1 t a o\n", "fly a\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *text = strdup(bad[i]);
                char *rest = text;
                ToldLine none;

                expect_result(bad[i], told_parse(&rest, &none), -EPROTO);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_told),
                cmocka_unit_test(test_told_wrong),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
