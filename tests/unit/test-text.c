/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fail-memory.h"
#include "helper.h"
#include "util/text.h"

static void test_format(_unused_ void **state) {
        _cleanup_free_ char *text = format("%s-%04x", "web", 0x2a), *empty = format("%s", "");

        expect_text("with a number", text, "web-002a");
        expect_text("nothing", empty, "");

        memory_fail(1);
        assert_null(format("%s", "web"));
        assert_true(memory_failed());
}

/* Writes n bytes in pieces, some larger than stdio's buffer. */
static char *write_bytes(size_t n) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        for (size_t i = 0; i < n; i++)
                if (i % 1000 == 0 && n - i >= 1000) {
                        fprintf(text.f, "%01000d", 0);
                        i += 999;
                } else
                        fputc('x', text.f);
        return text_finish(&text);
}

static void test_pieces(_unused_ void **state) {
        static const size_t sizes[] = { 0, 1, 62, 63, 64, 65, 999, 1001, 8192, 100001 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_free_ char *bytes = write_bytes(sizes[i]);

                assert_non_null(bytes);
                expect_number("length", strlen(bytes), sizes[i]);
                expect_number("zeros", strspn(bytes, "0"), sizes[i] / 1000 * 1000);
        }
}

static void test_so_far(_unused_ void **state) {
        _cleanup_text_ Text text = {};

        assert_int_equal(text_open(&text), 0);
        expect_text("at first", text_so_far(&text), "");
        fputs("one", text.f);
        expect_text("a piece", text_so_far(&text), "one");
        fputs(" two", text.f);
        expect_text("and more", text_so_far(&text), "one two");
        expect_number("size", text.size, strlen("one two"));
}

/* A text is complete, or NULL. */
static void test_no_memory(_unused_ void **state) {
        size_t n = 0;
        bool failed;

        do {
                _cleanup_free_ char *bytes = NULL;

                memory_fail(++n);
                bytes = write_bytes(100000);
                failed = memory_failed();
                expect_number("there is a text", bytes != NULL, !failed);
                if (bytes)
                        expect_number("length", strlen(bytes), 100000);
        } while (failed);
        assert_true(n > 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_pieces),
                cmocka_unit_test(test_so_far),
                cmocka_unit_test(test_no_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
