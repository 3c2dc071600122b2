/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words, paths, escapes, and arrays of strings. */
#include "helper.h"

#include <errno.h>

#include "util/escape.h"
#include "util/strv.h"
#include "util/word.h"

/* Words. */

typedef struct SplitCase {
        const char *text, *joined; /* with | between; NULL: -EINVAL */
        size_t n;
} SplitCase;

static void check_split(int (*split)(const char *text, char ***ret), const SplitCase *cases, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_strv_free_ char **words = NULL;
                _cleanup_free_ char *joined = NULL;

                expect_result(cases[i].text, split(cases[i].text, &words), cases[i].joined ? 0 : -EINVAL);
                joined = strv_join(words, "|");
                expect_text(cases[i].text, joined, cases[i].joined ?: "");
                expect_number(cases[i].text, strv_length(words), cases[i].n);
        }
}

static void test_words(_unused_ void **state) {
        static const SplitCase cases[] = {
                { "", "", 0 },
                { " \t\r\n", "", 0 },
                { "a", "a", 1 },
                { "  a\tb \n c ", "a|b|c", 3 },
                { "'a b' c", "a b|c", 2 },
                { "a'b c'd", "ab cd", 1 },
                { "\"a b\"\"c\"", "a bc", 1 },
                { "\"\" ''", "|", 2 },
                { "\"it's\"", "it's", 1 },
                { "'say \"x\"'", "say \"x\"", 1 },
                { "a\\nb\\t\\\\\\\"\\'", "a\nb\t\\\"'", 1 },
                { "a\\sb", "a b", 1 },
                { "\\a\\b\\f\\r\\v", "\a\b\f\r\v", 1 },
                { "\\x41\\102", "AB", 1 },
                { "\\u00e4\\U0001f600", "ä😀", 1 },
                { "\\u0800", "ࠀ", 1 },
                { "'\\n'", "\n", 1 }, /* as in systemd, though not in a shell */
                { "a\\:b", "a\\:b", 1 },
                { "ä", "ä", 1 },
                { "'a", NULL, 0 },
                { "a\"", NULL, 0 },
                { "ok 'bad", NULL, 0 },
                { "\\q", NULL, 0 },
                { "\\", NULL, 0 },
                { "\\ ", NULL, 0 },
                { "\\x4", NULL, 0 },
                { "\\xzz", NULL, 0 },
                { "\\x00", NULL, 0 },
                { "\\000", NULL, 0 },
                { "\\400", NULL, 0 },
                { "\\18", NULL, 0 },
                { "\\189", NULL, 0 },
                { "\\u12", NULL, 0 },
                { "\\ud800", NULL, 0 },
                { "\\U00110000", NULL, 0 },
                { "\\u0000", NULL, 0 },
        };

        check_split(word_split, cases, ELEMENTSOF(cases));
}

static void test_colons(_unused_ void **state) {
        static const SplitCase cases[] = {
                { "", "", 1 },         { "a", "a", 1 },         { "a:b:c", "a|b|c", 3 },  { ":", "|", 2 },
                { "a::b", "a||b", 3 }, { "a\\:b:c", "a:b|c", 2 }, { "a\\b", "a\\b", 1 }, { "a\\", "a\\", 1 },
                { "\\:", ":", 1 },
        };

        check_split(word_split_colons, cases, ELEMENTSOF(cases));
}

/* Paths. */

static void test_path_safe(_unused_ void **state) {
        static const struct {
                const char *path;
                bool safe;
        } cases[] = {
                { "/", true },       { "/a/b", true },  { "/a/..b", true },  { "/a/b..", true },  { "/...", true },
                { "/./a", true },    { "//a//", true }, { "", false },       { "a", false },      { "..", false },
                { "/..", false },    { "/../a", false }, { "/a/..", false },  { "/a/../b", false },
                { "/a//..//", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_number(cases[i].path, path_is_safe(cases[i].path), cases[i].safe);
}

static void check_path(char *(*function)(const char *path), const char *const (*cases)[2], size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *path = function(cases[i][0]);

                expect_text(cases[i][0], path, cases[i][1]);
        }
}

static void test_path_is_below(_unused_ void **state) {
        static const struct {
                const char *path, *directory;
                bool below;
        } cases[] = {
                { "/a/b", "/a", true }, { "/a", "/a", false },   { "/ab", "/a", false },
                { "/a", "/a/b", false }, { "/a", "/", true },     { "/", "/", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_number(cases[i].path, path_is_below(cases[i].path, cases[i].directory), cases[i].below);
}

static void test_path_simplify(_unused_ void **state) {
        static const char *const cases[][2] = {
                { "/", "/" },         { "//", "/" },       { "/a/b", "/a/b" }, { "//a/./b//", "/a/b" },
                { "/.", "/" },        { "/./", "/" },      { "", "." },        { ".", "." },
                { "./", "." },        { "./a", "a" },      { "a/./b", "a/b" }, { "/a/..", "/a/.." },
                { "/.a/b.", "/.a/b." },
        };

        check_path(path_simplify, cases, ELEMENTSOF(cases));
}

static void test_path_parent(_unused_ void **state) {
        static const char *const cases[][2] = { { "/", "/" }, { "/a", "/" }, { "/a/b", "/a" }, { "a", "." },
                                                { "a/b", "a" } };

        check_path(path_parent, cases, ELEMENTSOF(cases));
}

static void test_path_pairs(_unused_ void **state) {
        static const char *const joined[][3] = { { "/", "a", "/a" }, { "/a", "b/c", "/a/b/c" }, { "a/", "b", "a/b" } };

        for (size_t i = 0; i < ELEMENTSOF(joined); i++) {
                _cleanup_free_ char *path = path_join(joined[i][0], joined[i][1]);

                expect_text(joined[i][0], path, joined[i][2]);
        }
        expect_text("name", path_name("/a/b"), "b");
        expect_text("name", path_name("b"), "b");
        expect_text("name", path_name("/a/"), "");
}

/* Sequences that a terminal must not act on. */
static void test_escape(_unused_ void **state) {
        static const char *const cases[][2] = {
                { "", "" },
                { "plain ~ \\", "plain ~ \\" },
                { "ä ߿ ࠀ 😀", "ä ߿ ࠀ 😀" },
                { "\t\n\r", "\\x09\\x0a\\x0d" },
                { "\x1b[31mred", "\\x1b[31mred" },
                { "\x7f", "\\x7f" },
                { "\xc2\x85", "\\xc2\\x85" },          /* C1 */
                { "\xc2\xa0", "\xc2\xa0" },            /* the first above C1 */
                { "\x9b", "\\x9b" },                   /* C1 without UTF-8 */
                { "a\u202eb", "a\\xe2\\x80\\xaeb" },   /* the first of its kinds, and the last */
                { "\u061c", "\\xd8\\x9c" },
                { "\u200e\u200f", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f" },
                { "\u2028\u202a", "\\xe2\\x80\\xa8\\xe2\\x80\\xaa" },
                { "\u2066\u2069", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9" },
                { "\u061b\u200d\u2013\u202f\u2065\u206a", "\u061b\u200d\u2013\u202f\u2065\u206a" },
                { "\xc0\x80", "\\xc0\\x80" },          /* overlong */
                { "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
                { "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
                { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
                { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
                { "\xf5", "\\xf5" },
                { "\xe4", "\\xe4" },                   /* cut short */
                { "\xe2\x82", "\\xe2\\x82" },
                { "\xe2\x82x", "\\xe2\\x82x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *s = escape(cases[i][0]);

                expect_text(cases[i][1], s, cases[i][1]);
        }
}

/* Several characters are looked at together: each place in them counts. */
static void test_escape_places(_unused_ void **state) {
        static const char *const controls[][2] = { { "\x01", "\\x01" }, { "\x1f", "\\x1f" }, { "\x7f", "\\x7f" },
                                                   { "\x9b", "\\x9b" }, { "\xff", "\\xff" } };
        const char *const plain = " ~ abcdefghijklmnopq";

        for (size_t i = 0; i < ELEMENTSOF(controls); i++)
                for (int before = 0; before <= (int) strlen(plain); before++) {
                        _cleanup_free_ char *text = format("%.*s%s%s", before, plain, controls[i][0], plain);
                        _cleanup_free_ char *expected = format("%.*s%s%s", before, plain, controls[i][1], plain);
                        _cleanup_free_ char *s = escape(text);

                        expect_text(expected, s, expected);
                }
}

static void test_hex(_unused_ void **state) {
        static const uint64_t numbers[] = { 0, 1, 0xf, 0x10, 0x40000000, UINT32_MAX, UINT64_MAX };

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                _cleanup_free_ char *expected = format("%#llx", (unsigned long long) numbers[i]), *s = NULL;
                _cleanup_text_ Text text = {};

                text_add_hex(&text, numbers[i]);
                s = text_finish(&text);
                expect_text(expected, s, expected);
        }
}

static void test_make_line(_unused_ void **state) {
        static const struct {
                const char *text;
                size_t max;
                const char *line;
        } cases[] = {
                { "", 0, "" },
                { "", 8, "" },
                { "plain ~ %", 4096, "plain ~ %" },
                { "plain", 5, "plain" },
                { "plain", 4, "plai" },
                { "plain", 0, "" },
                { "a\nb\r\tc", 64, "a?b??c" },
                { "end\\", 64, "end?" },
                { "\\n", 64, "?n" },
                { "\x1b[31mred\x7f", 64, "?[31mred?" },
                { "\xc2\x85", 64, "?" },       /* C1: one character */
                { "\xc2\xa0", 64, "\xc2\xa0" }, /* the first above C1 */
                { "\x9b", 64, "?" },
                { "\xc0\x80", 64, "??" }, /* overlong: bytes */
                { "\xe2\x82x", 64, "??x" },
                { "\xe2\x82", 64, "??" },
                { "\xe4", 64, "?" },
                { "ä😀", 64, "ä😀" },
                { "ä😀", 6, "ä😀" },
                { "ä😀", 5, "ä" }, /* between characters */
                { "ä😀", 2, "ä" },
                { "ä😀", 1, "" },
                { "ä😀x", 3, "ä" }, /* and nothing after it either */
                { "\n\n\n", 2, "??" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *line = make_line(cases[i].text, cases[i].max);
                char what[64];

                snprintf(what, sizeof(what), "make_line, case %zu", i);
                expect_text(what, line, cases[i].line);
        }
}

/* String arrays. */

static void test_strv(_unused_ void **state) {
        _cleanup_strv_free_ char **v = NULL, **copy = NULL;
        _cleanup_free_ char *joined = NULL;

        assert_int_equal(strv_length(NULL), 0);
        assert_false(strv_contains(NULL, "a"));
        assert_int_equal(strv_consume(&v, NULL), -ENOMEM);
        assert_null(v);
        assert_int_equal(strv_push(&v, "a"), 0);
        assert_int_equal(strv_consume(&v, strdup("b")), 0);
        assert_int_equal(strv_pushf(&v, "%s-%d", "c", 3), 0);
        assert_int_equal(strv_length(v), 3);
        assert_true(strv_contains(v, "c-3"));
        assert_false(strv_contains(v, "c"));

        copy = strv_copy(v);
        assert_non_null(copy);
        assert_ptr_not_equal(copy[0], v[0]);
        joined = strv_join(copy, ", ");
        expect_text("join", joined, "a, b, c-3");
}

static void test_strv_empty(_unused_ void **state) {
        _cleanup_strv_free_ char **copy = strv_copy(NULL);
        _cleanup_free_ char *joined = strv_join(NULL, ", ");

        assert_non_null(copy);
        assert_null(copy[0]);
        expect_text("join", joined, "");
        assert_null(strv_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_colons),
                cmocka_unit_test(test_path_safe),
                cmocka_unit_test(test_path_is_below),
                cmocka_unit_test(test_path_simplify),
                cmocka_unit_test(test_path_parent),
                cmocka_unit_test(test_path_pairs),
                cmocka_unit_test(test_escape),
                cmocka_unit_test(test_escape_places),
                cmocka_unit_test(test_hex),
                cmocka_unit_test(test_make_line),
                cmocka_unit_test(test_strv),
                cmocka_unit_test(test_strv_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
