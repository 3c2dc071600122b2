/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words: how a text is split into them, escapes, how they are written; and adding strings at the front of an array. */
#include "helper.h"

#include <errno.h>

#include "util/strv.h"
#include "util/word.h"

static void test_unescape(_unused_ void **state) {
        static const struct {
                const char *text, *expected; /* NULL: refused */
        } cases[] = {
                { "", "" },
                { "plain", "plain" },
                { " two  words\t", " two  words\t" }, /* only escapes change */
                { "it's \"quoted", "it's \"quoted" },
                { "a\\nb\\tc", "a\nb\tc" },
                { "\\\\n", "\\n" },
                { "\\s\\\"\\'", " \"'" },
                { "a\\:b", "a\\:b" },
                { "\\x41\\101", "AA" },
                { "\\u00e4\\U0001f600", "ä😀" },
                { "\\", NULL },
                { "ends\\", NULL },
                { "\\q", NULL },
                { "\\x4", NULL },
                { "\\x00", NULL },
                { "\\000", NULL },
                { "\\400", NULL },
                { "\\ud800", NULL },
                { "good\\nbad\\q", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *out = NULL;

                expect_result(cases[i].text, word_unescape(cases[i].text, &out), cases[i].expected ? 0 : -EINVAL);
                if (cases[i].expected)
                        expect_text(cases[i].text, out, cases[i].expected);
                else
                        assert_null(out);
        }
}

typedef struct SplitCase {
        WordEscapes escapes;
        const char *text, *joined; /* with | between; NULL: -EINVAL */
} SplitCase;

/* The cases of systemd's test-extract-word, for the flags with which unit files are read: WORD_C is
 * EXTRACT_UNQUOTE|EXTRACT_CUNESCAPE|EXTRACT_UNESCAPE_RELAX, WORD_STRICT the same without the last, WORD_PLAIN is
 * EXTRACT_UNQUOTE. */
static const SplitCase split_cases[] = {
        { WORD_PLAIN, "foobar waldo", "foobar|waldo" },
        { WORD_PLAIN, "\"foobar\" 'waldo'", "foobar|waldo" },
        { WORD_PLAIN, "\"", NULL },
        { WORD_PLAIN, "'", NULL },
        { WORD_PLAIN, "'fooo", NULL },
        { WORD_PLAIN, "KEY=val \"KEY2=val with space\" \"KEY3=val with \\\"quotation\\\"\"",
          "KEY=val|KEY2=val with space|KEY3=val with \"quotation\"" },
        { WORD_PLAIN, "yay'foo'bar", "yayfoobar" },
        { WORD_PLAIN, "   foobar   ", "foobar" },
        { WORD_PLAIN, " foo\\ba\\x6ar ", "foobax6ar" },
        { WORD_PLAIN, "\"foo\\", NULL },
        { WORD_PLAIN, "-N ''", "-N|" },
        { WORD_PLAIN, "foo\\xbar", "fooxbar" },
        { WORD_PLAIN, "fooo\\ bar quux", "fooo bar|quux" },
        { WORD_PLAIN, "fooo\\", NULL },
        { WORD_PLAIN, "'a\\'b' \"c\\'d\"", "a'b|c'd" },
        { WORD_PLAIN, "a\\:b 'c:d'", "a:b|c:d" },

        { WORD_COLONS, "a\\:b 'c:d':e f:g", "a\\:b|c\\:d:e|f:g" },
        { WORD_COLONS, "a\\tb", "atb" },

        { WORD_STRICT, " foo\\ba\\x6ar ", "foo\ba\x6ar" },
        { WORD_STRICT, "    f\\u00f6o \"pi\\U0001F4A9le\"   ", "föo|pi\360\237\222\251le" },
        { WORD_STRICT, "fooo\\ bar quux", NULL },
        { WORD_STRICT, "\\w+@\\K[\\d.]+", NULL },
        { WORD_STRICT, "'a\\tb' 'it\\'s'", "a\tb|it's" },

        { WORD_C, " foo\\ba\\x6ar ", "foo\ba\x6ar" },
        { WORD_C, "fooo\\", "fooo\\" },
        { WORD_C, "\"foo\\", NULL },
        { WORD_C, "'foo\\'", NULL },
        { WORD_C, "fooo\\ bar quux", "fooo\\ bar|quux" },
        { WORD_C, "\\w+@\\K[\\d.]+", "\\w+@\\K[\\d.]+" },
        { WORD_C, "\\w+\\b", "\\w+\b" },
        { WORD_C, "'a\\tb' 'it\\'s' \"\\-x\"", "a\tb|it's|\\-x" },
        { WORD_C, "\\x4 \\x00 \\400 \\:", "\\x4|\\x00|\\400|\\:" },
        { WORD_C, "\\;", "\\;" },
};

static void test_split(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(split_cases); i++) {
                _cleanup_strv_free_ char **words = NULL;
                _cleanup_free_ char *joined = NULL;
                const SplitCase *c = &split_cases[i];

                expect_result(c->text, word_split_as(c->text, c->escapes, &words), c->joined ? 0 : -EINVAL);
                joined = strv_join(words, "|");
                expect_text(c->text, joined, c->joined ?: "");
        }
}

/* The commands of systemd's test-load-fragment. */
static void test_split_command(_unused_ void **state) {
        static const struct {
                const char *text, *joined; /* NULL: -EINVAL */
                const char *rest;
        } cases[] = {
                { "", "", "" },
                { " ; ; ", "", "" },
                { "/RValue r1", "/RValue|r1", "" },
                { "-@/RValue argv0 r1 ; /goo/goo boo", "-@/RValue|argv0|r1", "/goo/goo boo" },
                { "-@/RValue argv0 r1 ; ; /goo/goo boo", "-@/RValue|argv0|r1", "/goo/goo boo" },
                { "-@/RValue argv0 r1 ; ", "-@/RValue|argv0|r1", "" },
                { "-@/RValue argv0 r1 ';'", "-@/RValue|argv0|r1|;", "" },
                { "/bin/find \\;", "/bin/find|;", "" },
                { "/bin/find \\; \\;", "/bin/find|;|;", "" },
                { "/bin/find \\073", "/bin/find|;", "" },
                { "/bin/find \\\\;", "/bin/find|\\;", "" },
                { "/bin/find \";\"", "/bin/find|;", "" },
                { "/bin/find \"\\;\" ; a", "/bin/find|\\;", "a" },
                { "/bin/find a;b ;c", "/bin/find|a;b|;c", "" },
                { "/bin/grep '\\w+\\K'", "/bin/grep|\\w+\\K", "" },
                { "/bin/echo 'a", NULL, "/bin/echo 'a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **words = NULL;
                _cleanup_free_ char *joined = NULL;
                const char *rest = cases[i].text;

                expect_result(cases[i].text, word_split_command(&rest, &words), cases[i].joined ? 0 : -EINVAL);
                joined = strv_join(words, "|");
                expect_text(cases[i].text, joined, cases[i].joined ?: "");
                expect_text(cases[i].text, rest, cases[i].rest);
        }
}

static void test_dollars(_unused_ void **state) {
        static const struct {
                const char *word, *expected; /* NULL: systemd expands a variable */
        } cases[] = {
                { "", "" },        { "a", "a" },          { "$$", "$" },     { "$$a$$", "$a$" }, { "a$b", "a$b" },
                { "a$(b)", "a$(b)" }, { "a$$$b", "a$$b" }, { "a$", "a$" },  { "$$${a}", NULL }, { "$", NULL },
                { "$a", NULL },    { "$(a)", NULL },      { "${a}", NULL }, { "b${a", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char word[16];

                snprintf(word, sizeof(word), "%s", cases[i].word);
                expect_result(cases[i].word, word_resolve_dollars(word), cases[i].expected ? 0 : -EINVAL);
                if (cases[i].expected)
                        expect_text(cases[i].word, word, cases[i].expected);
        }
}

/* Covers all sizes at which the array grows. */
static void test_prepend(_unused_ void **state) {
        _cleanup_strv_free_ char **v = NULL;
        char text[16];

        for (unsigned i = 0; i < 40; i++) {
                snprintf(text, sizeof(text), "%u", i);
                assert_int_equal(strv_prepend(&v, strdup(text)), 0);
                expect_text("first", v[0], text);
                expect_number("length", strv_length(v), i + 1);
        }
        for (unsigned i = 0; i < 40; i++) {
                snprintf(text, sizeof(text), "%u", 39 - i);
                expect_text("in order", v[i], text);
        }
        assert_int_equal(strv_push(&v, "last"), 0);
        expect_text("behind all", v[40], "last");
        assert_int_equal(strv_prepend(&v, NULL), -ENOMEM);
        expect_number("length", strv_length(v), 41);
}

/* A written word is read back as the same word. */
static void test_write(_unused_ void **state) {
        static const struct {
                const char *word;
                unsigned flags;
                const char *expected;
        } cases[] = {
                { "plain/word", 0, "plain/word" },
                { "", 0, "\"\"" },
                { "two words", 0, "\"two words\"" },
                { "it's \"so\"", 0, "\"it's \\\"so\\\"\"" },
                { "back\\slash", 0, "back\\\\slash" },
                { "end\\", 0, "\"end\\\\\"" },
                { "a\nb\x7f", 0, "\"a\\x0ab\\x7f\"" },
                { "#x", 0, "\"#x\"" },
                { "50% $x", 0, "\"50% $x\"" },
                { "50% $x", WORD_PERCENT | WORD_DOLLAR, "\"50%% $$x\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **words = NULL;
                Buffer b;

                buffer_init(&b);
                word_write(b.f, cases[i].word, cases[i].flags);
                expect_text(cases[i].word, buffer_text(&b), cases[i].expected);
                assert_int_equal(word_split(buffer_text(&b), &words), 0);
                expect_number(cases[i].word, strv_length(words), 1);
                if (!cases[i].flags)
                        expect_text("read again", words[0], cases[i].word);
                buffer_deinit(&b);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unescape),
                cmocka_unit_test(test_split),
                cmocka_unit_test(test_split_command),
                cmocka_unit_test(test_dollars),
                cmocka_unit_test(test_prepend),
                cmocka_unit_test(test_write),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
