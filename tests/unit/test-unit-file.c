/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <errno.h>

#include "policy/unit-file.h"

/* Writes down each assignment; returns an error if the value is one of two words. */
static int take(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        Buffer *b = userdata;

        fprintf(b->f, "%s:%u [%s] %s=%s\n", origin.file, origin.line, section, key, value);
        if (streq(value, "bad"))
                return -EBADMSG;
        return streq(value, "stop") ? -EINTR : 0;
}

typedef struct Case {
        const char *text;
        const char *assignments;
        const char *messages;
        int result;
} Case;

/* The memory is exactly as large as the text, so that the sanitizer finds a read past its end. */
static void check(const char *text, size_t size, const Case *c) {
        _cleanup_free_ char *copy = malloc(size ?: 1);
        Buffer b;
        Log log;

        assert_non_null(copy);
        memcpy(copy, text, size);
        buffer_init(&b);
        log_init(&log);
        expect_result(text, unit_file_parse("f", copy, size, take, &b, &log.report), c->result);
        expect_text(text, buffer_text(&b), c->assignments);
        expect_text(text, log_text(&log), c->messages);
        buffer_deinit(&b);
        log_deinit(&log);
}

static void check_all(const Case *cases, size_t n) {
        for (size_t i = 0; i < n; i++)
                check(cases[i].text, strlen(cases[i].text), &cases[i]);
}

static void test_assignments(_unused_ void **state) {
        static const Case cases[] = {
                { "", "", "" },
                { "\n\n", "", "" },
                { "[A]", "", "" },
                { "[A]\nx=1", "f:2 [A] x=1\n", "" },
                { "[A]\nx=1\n[B c]\nx=2\n", "f:2 [A] x=1\nf:4 [B c] x=2\n", "" },
                { "  [A]  \n\t x \t=  1 2\t \n", "f:2 [A] x=1 2\n", "" },
                { "[A]\r\nx=1\r\n", "f:2 [A] x=1\n", "" },
                { "[A]\nx=\n", "f:2 [A] x=\n", "" },
                { "[A]\nx=a=b\n", "f:2 [A] x=a=b\n", "" },
                { "[A]\nx='q # ; q'\n", "f:2 [A] x='q # ; q'\n", "" },
                { "\xef\xbb\xbf[A]\nx=1\n", "f:2 [A] x=1\n", "" },
                { "[A]\nx=[B]\n", "f:2 [A] x=[B]\n", "" },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_comments(_unused_ void **state) {
        static const Case cases[] = {
                { "# a\n; b\n  # c\n[A]\n#x=1\ny=2\n", "f:6 [A] y=2\n", "" },
                { "# no continuation \\\n[A]\nx=1\n", "f:3 [A] x=1\n", "" },
                { "[A]\nx=1 # stays\n", "f:2 [A] x=1 # stays\n", "" },
                { "#", "", "" },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_continuations(_unused_ void **state) {
        static const Case cases[] = {
                { "[A]\nx=1\\\n2\ny=3\n", "f:2 [A] x=1 2\nf:4 [A] y=3\n", "" },
                { "[A]\nx=1\\\r\n2\r\n", "f:2 [A] x=1 2\n", "" },
                { "[A]\nx=1\\\n# comment\n; comment \\\n2\n", "f:2 [A] x=1 2\n", "" },
                { "[A]\nx=\\\n\\\n1\n", "f:2 [A] x=1\n", "" },
                { "[A]\nx=1\\", "f:2 [A] x=1\n", "" },
                { "[A]\nx=1\\\n", "f:2 [A] x=1\n", "" },
                { "[A]\nx=1\\\n\ny=2\n", "f:2 [A] x=1\nf:4 [A] y=2\n", "" },
                { "[A]\nx=1 \\ 2\n", "f:2 [A] x=1 \\ 2\n", "" },
                { "[A]\n\nx\\\n=1\\\n2\nbad\n", "f:3 [A] x=1 2\n",
                  "error: f:6: neither a [Section] nor a KEY=VALUE line: \"bad\"\n", -EBADMSG },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_mistakes(_unused_ void **state) {
        static const Case cases[] = {
                { "x=1\n[A]\ny=2\n", "f:3 [A] y=2\n", "error: f:1: this line comes before the first [Section]: \"x=1\"\n",
                  -EBADMSG },
                { "[A]\nnonsense\n=1\n[B\nx=1\n", "f:5 [A] x=1\n",
                  "error: f:2: neither a [Section] nor a KEY=VALUE line: \"nonsense\"\n"
                  "error: f:3: neither a [Section] nor a KEY=VALUE line: \"=1\"\n"
                  "error: f:4: neither a [Section] nor a KEY=VALUE line: \"[B\"\n",
                  -EBADMSG },
                { "[]\n", "", "error: f:1: neither a [Section] nor a KEY=VALUE line: \"[]\"\n", -EBADMSG },
                { "[A]\n\x1b]0;title\a\n", "",
                  "error: f:2: neither a [Section] nor a KEY=VALUE line: \"\\x1b]0;title\\x07\"\n", -EBADMSG },
        };

        check_all(cases, ELEMENTSOF(cases));
}

/* After -EBADMSG from the callback, the next assignment is read. Any other error ends the reading. */
static void test_callback(_unused_ void **state) {
        static const Case cases[] = {
                { "[A]\nx=bad\ny=2\n", "f:2 [A] x=bad\nf:3 [A] y=2\n", "", -EBADMSG },
                { "[A]\nx=stop\ny=2\n", "f:2 [A] x=stop\n", "", -EINTR },
                { "[A]\nx=bad\ny=stop\n", "f:2 [A] x=bad\nf:3 [A] y=stop\n", "", -EINTR },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_nul(_unused_ void **state) {
        static const char text[] = "[A]\nx=1\0y\n";
        static const Case expected = { text, "", "error: f: not a text file: it contains a NUL byte\n", -EBADMSG };

        check(text, sizeof(text) - 1, &expected);
}

/* A text with many errors gives only some of them, and is not read to its end. */
static void test_many_errors(_unused_ void **state) {
        Buffer text, assignments;
        size_t lines = 0;
        Log log;

        buffer_init(&text);
        buffer_init(&assignments);
        log_init(&log);
        fputs("[A]\n", text.f);
        for (unsigned i = 0; i < 100000; i++)
                fputs("x\n", text.f);
        fputs("last=1\n", text.f);
        expect_result("all bad", unit_file_parse("f", buffer_text(&text), strlen(buffer_text(&text)), take,
                                                 &assignments, &log.report), -EBADMSG);
        for (const char *c = log_text(&log); *c; c++)
                lines += *c == '\n';
        expect_number("lines", lines, REPORT_ERRORS_MAX + 1);
        expect_in("the last line", log_text(&log), "f:21: neither a [Section] nor a KEY=VALUE line: \"x\"\n"
                  "error: more errors follow, which are not shown\n");
        expect_text("the rest is not read", buffer_text(&assignments), "");
        buffer_deinit(&text);
        buffer_deinit(&assignments);
        log_deinit(&log);
}

static void test_long_error(_unused_ void **state) {
        _cleanup_free_ char *text = malloc(1 << 20);
        Buffer b;
        Log log;

        assert_non_null(text);
        memset(text, 'x', 1 << 20);
        buffer_init(&b);
        log_init(&log);
        expect_result("a long line", unit_file_parse("f", text, 1 << 20, take, &b, &log.report), -EBADMSG);
        assert_true(strlen(log_text(&log)) <= REPORT_LINE_MAX + strlen("error: \n"));
        expect_in("cut", log_text(&log), "xxx…\n");
        buffer_deinit(&b);
        log_deinit(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_assignments),   cmocka_unit_test(test_comments),
                cmocka_unit_test(test_continuations), cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_callback),      cmocka_unit_test(test_nul),
                cmocka_unit_test(test_many_errors),
                cmocka_unit_test(test_long_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
