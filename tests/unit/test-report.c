/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports, and the origins in them. */
#include "helper.h"

#include <errno.h>

static void test_report(_unused_ void **state) {
        const Origin at = { .file = "web.conf", .line = 12 }, option = { .file = "command line" };
        Log log;

        log_init(&log);
        assert_int_equal(report_error(&log.report, EPERM, "no %d", 1), -EPERM);
        assert_int_equal(report_error_at(&log.report, at, "User", ENOENT, "no %s", "ada"), -ENOENT);
        assert_int_equal(report_error_at(&log.report, option, NULL, EINVAL, "what"), -EINVAL);
        assert_int_equal(report_error_at(&log.report, (Origin) {}, "Nice", EINVAL, "what"), -EINVAL);
        report_notice(&log.report, "by the way");
        report_notice_at(&log.report, at, "Nice", "two\nlines \x1b[1m");
        assert_int_equal(report_oom(&log.report), -ENOMEM);
        assert_int_equal(log.report.n_errors, 5);
        expect_text("report", log_text(&log),
                    "error: no 1\n"
                    "error: web.conf:12: User=: no ada\n"
                    "error: command line: what\n"
                    "error: Nice=: what\n"
                    "notice: by the way\n"
                    "notice: web.conf:12: Nice=: two\\x0alines \\x1b[1m\n"
                    "error: out of memory\n");
        log_deinit(&log);
}

static void test_report_without_sink(_unused_ void **state) {
        Report silent = {};

        assert_int_equal(report_error(&silent, EPERM, "unheard"), -EPERM);
        report_notice(&silent, "unheard");
        assert_int_equal(silent.n_errors, 1);
}

/* The first of several errors is kept as it was reported, even after its texts are gone. */
static void test_report_first(_unused_ void **state) {
        char file[] = "web.conf", key[] = "User";
        const Origin at = { .file = file, .line = 12 };
        Report report = {};

        report_notice_at(&report, at, "Nice", "not that");
        expect_number("nothing yet", (uint64_t) report.first.error, 0);
        report_error_at(&report, at, key, ENOENT, "no %s", "ada");
        *file = *key = '?';
        report_error(&report, EPERM, "nor this");
        expect_number("error", (uint64_t) report.first.error, ENOENT);
        expect_text("text", report.first.text, "no ada");
        expect_text("key", report.first.key, "User");
        expect_text("file", report.first.origin.file, "web.conf");
        expect_number("line", report.first.origin.line, 12);
}

static void test_origin(_unused_ void **state) {
        static const struct {
                Origin origin;
                const char *text;
        } cases[] = {
                { { "web.conf", 12 }, "web.conf:12" },
                { { "command line", 0 }, "command line" },
                { { NULL, 0 }, "built-in" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = origin_format(cases[i].origin);

                expect_text(cases[i].text, text, cases[i].text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_report),
                cmocka_unit_test(test_report_without_sink),
                cmocka_unit_test(test_report_first),
                cmocka_unit_test(test_origin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
