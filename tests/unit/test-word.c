/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not taken apart into words, and strings put in front of others. */
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
                { " two  words\t", " two  words\t" }, /* nothing but escapes changes */
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

/* Through all the sizes at which the array grows. */
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

/* What is written is read again as the same word. */
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
                cmocka_unit_test(test_prepend),
                cmocka_unit_test(test_write),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
