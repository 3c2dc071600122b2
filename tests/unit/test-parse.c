/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parsers of numbers: one table for all, each wrapped as a parser of uint64_t. */
#include "helper.h"

#include <errno.h>
#include <signal.h>

#include "util/parse.h"

typedef int (*ParseNumber)(const char *text, uint64_t *ret);

static int as_boolean(const char *text, uint64_t *ret) {
        bool b;
        int r = parse_boolean(text, &b);

        if (r >= 0)
                *ret = b;
        return r;
}

static int as_range(const char *text, uint64_t *ret) {
        return parse_u64_range(text, 3, 9, ret);
}

static int keep_int(int r, int value, uint64_t *ret) {
        *ret = (uint64_t) (int64_t) value;
        return r;
}

static int as_int(const char *text, uint64_t *ret) {
        int i = (int) *ret;
        int r = parse_int(text, -20, 19, &i);

        return keep_int(r, i, ret);
}

static int as_signal(const char *text, uint64_t *ret) {
        int i = (int) *ret;
        int r = parse_signal(text, &i);

        return keep_int(r, i, ret);
}

static int as_errno(const char *text, uint64_t *ret) {
        int i = (int) *ret;
        int r = parse_errno(text, &i);

        return keep_int(r, i, ret);
}

static int as_mode(const char *text, uint64_t *ret) {
        uint32_t mode = (uint32_t) *ret;
        int r = parse_mode(text, &mode);

        *ret = mode;
        return r;
}

static int as_size(const char *text, uint64_t *ret) {
        return parse_size(text, 1024, ret);
}

static int as_size_1000(const char *text, uint64_t *ret) {
        return parse_size(text, 1000, ret);
}

enum { UNTOUCHED = 987654 };

typedef struct NumberCase {
        ParseNumber parse;
        const char *text;
        uint64_t value;
        int error; /* 0: it is valid */
} NumberCase;

static void check_numbers(const NumberCase *cases, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const NumberCase *c = &cases[i];
                uint64_t value = UNTOUCHED;

                expect_result(c->text, c->parse(c->text, &value), -c->error);
                expect_number(c->text, value, c->error ? UNTOUCHED : c->value);
        }
}

static void test_whole_numbers(_unused_ void **state) {
        static const NumberCase cases[] = {
                { as_boolean, "1", true },
                { as_boolean, "yes", true },
                { as_boolean, "Y", true },
                { as_boolean, "TRUE", true },
                { as_boolean, "t", true },
                { as_boolean, "On", true },
                { as_boolean, "0", false },
                { as_boolean, "no", false },
                { as_boolean, "N", false },
                { as_boolean, "False", false },
                { as_boolean, "f", false },
                { as_boolean, "off", false },
                { as_boolean, "", 0, EINVAL },
                { as_boolean, "yes ", 0, EINVAL },
                { as_boolean, "2", 0, EINVAL },
                { as_boolean, "ye", 0, EINVAL },
                { parse_u64, "0", 0 },
                { parse_u64, "007", 7 },
                { parse_u64, "18446744073709551615", UINT64_MAX },
                { parse_u64, "18446744073709551616", 0, ERANGE },
                { parse_u64, "", 0, EINVAL },
                { parse_u64, "-1", 0, EINVAL },
                { parse_u64, "+1", 0, EINVAL },
                { parse_u64, " 1", 0, EINVAL },
                { parse_u64, "1 ", 0, EINVAL },
                { parse_u64, "0x10", 0, EINVAL },
                { parse_u64, "1e3", 0, EINVAL },
                { as_range, "3", 3 },
                { as_range, "9", 9 },
                { as_range, "2", 0, ERANGE },
                { as_range, "10", 0, ERANGE },
                { as_int, "-20", (uint64_t) -20 },
                { as_int, "+19", 19 },
                { as_int, "0", 0 },
                { as_int, "-21", 0, ERANGE },
                { as_int, "20", 0, ERANGE },
                { as_int, "99999999999999999999", 0, ERANGE },
                { as_int, "", 0, EINVAL },
                { as_int, "-", 0, EINVAL },
                { as_int, "--1", 0, EINVAL },
                { as_int, "1.0", 0, EINVAL },
                { as_mode, "0", 0 },
                { as_mode, "644", 0644 },
                { as_mode, "07777", 07777 },
                { as_mode, "10000", 0, ERANGE },
                { as_mode, "7777777777777777777777777777", 0, ERANGE },
                { as_mode, "", 0, EINVAL },
                { as_mode, "8", 0, EINVAL },
                { as_mode, "0o7", 0, EINVAL },
                { as_mode, "-1", 0, EINVAL },
                { as_mode, "rwx", 0, EINVAL },
        };

        check_numbers(cases, ELEMENTSOF(cases));
}

static void test_sizes(_unused_ void **state) {
        static const NumberCase cases[] = {
                { as_size, "0", 0 },
                { as_size, "4096", 4096 },
                { as_size, "7B", 7 },
                { as_size, "1K", 1024 },
                { as_size, "1.5M", 3 << 19 },
                { as_size, "64G", UINT64_C(64) << 30 },
                { as_size, "2T", UINT64_C(2) << 40 },
                { as_size, "1P", UINT64_C(1) << 50 },
                { as_size, "15E", UINT64_C(15) << 60 },
                { as_size, "18446744073709551615", UINT64_MAX },
                { as_size, "9223372036854775809", (UINT64_C(1) << 63) + 1 },
                { as_size, "0.4", 0 },
                { as_size, "2.5", 3 },
                { as_size, "0.5K", 512 },
                { as_size, "18446744073709551616", 0, ERANGE },
                { as_size, "16E", 0, ERANGE },
                { as_size, "", 0, EINVAL },
                { as_size, "K", 0, EINVAL },
                { as_size, "1k", 0, EINVAL },
                { as_size, "1KB", 0, EINVAL },
                { as_size, "1 K", 0, EINVAL },
                { as_size, "1.", 0, EINVAL },
                { as_size, ".5K", 0, EINVAL },
                { as_size, "1,5K", 0, EINVAL },
                { as_size, "-1", 0, EINVAL },
                { as_size, "0x10", 0, EINVAL },
                { as_size, "1e3", 0, EINVAL },
                { as_size, "inf", 0, EINVAL },
                { as_size, "nan", 0, EINVAL },
                { as_size_1000, "5M", 5000000 },
                { as_size_1000, "1.25K", 1250 },
                { as_size_1000, "19E", 0, ERANGE },
                { parse_percent, "0%", 0 },
                { parse_percent, "12.5%", 1250 },
                { parse_percent, "100%", 10000 },
                { parse_percent, "350%", 35000 },
                { parse_percent, "", 0, EINVAL },
                { parse_percent, "%", 0, EINVAL },
                { parse_percent, "5", 0, EINVAL },
                { parse_percent, "5 %", 0, EINVAL },
                { parse_percent, "5%%", 0, EINVAL },
                { parse_percent, "-5%", 0, EINVAL },
                { parse_percent, "99999999999999999999%", 0, ERANGE },
        };

        check_numbers(cases, ELEMENTSOF(cases));
}

#define SECOND UINT64_C(1000000)

static void test_timespans(_unused_ void **state) {
        static const NumberCase cases[] = {
                { parse_timespan, "0", 0 },
                { parse_timespan, "5", 5 * SECOND },
                { parse_timespan, " 5 ", 5 * SECOND },
                { parse_timespan, "1." "0000000000000000" "0000000000000000" "0000000000000000" "00000000000000", SECOND },
                { parse_timespan, "1." "0000000000000000" "0000000000000000" "0000000000000000" "000000000000000", 0,
                  ERANGE },
                { parse_timespan, "1.5", 3 * SECOND / 2 },
                { parse_timespan, "7us", 7 },
                { parse_timespan, "7µs", 7 },
                { parse_timespan, "7μs", 7 },
                { parse_timespan, "50ms", 50000 },
                { parse_timespan, "50 msec", 50000 },
                { parse_timespan, "3m", 180 * SECOND },
                { parse_timespan, "2min 5s", 125 * SECOND },
                { parse_timespan, "1h30m", 5400 * SECOND },
                { parse_timespan, "1 2", 3 * SECOND },
                { parse_timespan, "1day", 86400 * SECOND },
                { parse_timespan, "2 weeks", 1209600 * SECOND },
                { parse_timespan, "1M", UINT64_C(2629800) * SECOND },
                { parse_timespan, "1month", UINT64_C(2629800) * SECOND },
                { parse_timespan, "1y", UINT64_C(31557600) * SECOND },
                { parse_timespan, "infinity", UINT64_MAX },
                { parse_timespan, "18446744073709551615us", 0, ERANGE },
                { parse_timespan, "600000y", 0, ERANGE },
                { parse_timespan, "300000y 300000y", 0, ERANGE },
                { parse_timespan, "", 0, EINVAL },
                { parse_timespan, " ", 0, EINVAL },
                { parse_timespan, "s", 0, EINVAL },
                { parse_timespan, "5 parsecs", 0, EINVAL },
                { parse_timespan, "5sx", 0, EINVAL },
                { parse_timespan, "5s,", 0, EINVAL },
                { parse_timespan, "-5s", 0, EINVAL },
                { parse_timespan, "infinity 1s", 0, EINVAL },
        };

        check_numbers(cases, ELEMENTSOF(cases));
}

static void test_signals_and_errnos(_unused_ void **state) {
        const NumberCase cases[] = {
                { as_signal, "SIGTERM", SIGTERM },
                { as_signal, "TERM", SIGTERM },
                { as_signal, "15", 15 },
                { as_signal, "SIGKILL", SIGKILL },
                { as_signal, "RTMIN+0", (uint64_t) SIGRTMIN },
                { as_signal, "SIGRTMIN+3", (uint64_t) SIGRTMIN + 3 },
                { as_signal, "", 0, EINVAL },
                { as_signal, "SIG", 0, EINVAL },
                { as_signal, "SIG15", 0, EINVAL },
                { as_signal, "term", 0, EINVAL },
                { as_signal, "SIGSIGTERM", 0, EINVAL },
                { as_signal, "RTMIN+99", 0, EINVAL },
                { as_signal, "RTMIN+-1", 0, EINVAL },
                { as_signal, "0", 0, EINVAL },
                { as_signal, "-9", 0, EINVAL },
                { as_signal, "9999", 0, EINVAL },
                { as_errno, "EPERM", EPERM },
                { as_errno, "ENOSYS", ENOSYS },
                { as_errno, "0", 0 },
                { as_errno, "4095", 4095 },
                { as_errno, "4096", 0, EINVAL },
                { as_errno, "-1", 0, EINVAL },
                { as_errno, "", 0, EINVAL },
                { as_errno, "eperm", 0, EINVAL },
                { as_errno, "PERM", 0, EINVAL },
        };

        check_numbers(cases, ELEMENTSOF(cases));
}

/* A fraction with a finite decimal form is exact. */
static void test_fractions(_unused_ void **state) {
        for (unsigned i = 0; i < 10000; i++) {
                uint64_t percent = UNTOUCHED, span = UNTOUCHED;
                char text[32];

                snprintf(text, sizeof(text), "%u.%02u%%", i / 100, i % 100);
                expect_result(text, parse_percent(text, &percent), 0);
                expect_number(text, percent, i);
                snprintf(text, sizeof(text), "%u.%03ums", i / 1000, i % 1000);
                expect_result(text, parse_timespan(text, &span), 0);
                expect_number(text, span, i);
        }
}

static void test_bitmap(_unused_ void **state) {
        static const struct {
                const char *text, *expected; /* the bytes in hexadecimal; NULL: an error */
                int error;
        } cases[] = {
                { "0", "01" },          { "0-3,5 7", "af" },  { "8", "0001" },        { "7-8", "8001" },
                { " 1,,2, ", "06" },    { "3-3", "08" },      { "1\t2", "06" },       { "", NULL, EINVAL },
                { ",", NULL, EINVAL },  { "3-1", NULL, EINVAL }, { "1-", NULL, EINVAL }, { "-1", NULL, EINVAL },
                { "a", NULL, EINVAL },  { "1x", NULL, EINVAL },  { "1-2-3", NULL, EINVAL }, { "8192", NULL, ERANGE },
                { "1-99999999999", NULL, ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ uint8_t *bits = NULL;
                char hex[64] = "";
                unsigned n = 0;

                expect_result(cases[i].text, parse_bitmap(cases[i].text, &bits, &n), -cases[i].error);
                for (unsigned k = 0; k < n; k++)
                        snprintf(hex + 2 * k, 3, "%02x", bits[k]);
                expect_text(cases[i].text, hex, cases[i].expected ?: "");
        }
}

static void test_bitmap_largest(_unused_ void **state) {
        _cleanup_free_ uint8_t *bits = NULL;
        unsigned n;

        assert_int_equal(parse_bitmap("0-8191", &bits, &n), 0);
        assert_int_equal(n, 1024);
        for (unsigned i = 0; i < n; i++)
                assert_int_equal(bits[i], 0xff);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole_numbers),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_timespans),
                cmocka_unit_test(test_signals_and_errnos),
                cmocka_unit_test(test_fractions),
                cmocka_unit_test(test_bitmap),
                cmocka_unit_test(test_bitmap_largest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
