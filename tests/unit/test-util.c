/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/directory.h"
#include "util/escape.h"
#include "util/fd-bin.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/parse.h"
#include "util/id-map.h"
#include "util/kernel.h"
#include "util/map.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/word.h"

/* Numbers: one table for all parsers, each wrapped as a parser of uint64_t. */

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

/* Reports. */

static void test_map(_unused_ void **state) {
        static char keys[1000][8];
        Map map = {};

        assert_null(map_get(&map, "none"));
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                snprintf(keys[i], sizeof(keys[i]), "%zu", i);
                assert_null(map_get(&map, keys[i]));
                assert_int_equal(map_put(&map, keys[i], keys[i]), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                char key[8];

                snprintf(key, sizeof(key), "%zu", i);
                assert_ptr_equal(map_get(&map, key), keys[i]);
        }
        assert_null(map_get(&map, ""));
        assert_null(map_get(&map, "1000"));
        map_deinit(&map);
}

static bool is_open(int fd) {
        return fcntl(fd, F_GETFD) >= 0;
}

/* A bin that is full, and fds of others between its own. */
/* A record of the kernel may be larger than the first read(2) asks for. */
static void test_record_read(_unused_ void **state) {
        static const char *const files[] = { "/proc/self/stat", "/proc/self/status", "/proc/self/cgroup", "/proc/self/uid_map",
                                             "/proc/sys/kernel/pid_max", "/proc/self/limits", "/proc/cmdline" };
        int epoll = epoll_create1(EPOLL_CLOEXEC), watched[200], pipe_fds[2];
        _cleanup_free_ char *large = NULL;
        char fdinfo[64];
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *record = NULL, *all = NULL;

                expect_result(files[i], record_read(AT_FDCWD, files[i], &record, NULL), 0);
                expect_result(files[i], file_read(AT_FDCWD, files[i], &all, NULL), 0);
                if (!strstr(files[i], "stat")) /* its counters go on */
                        expect_text(files[i], record, all);
                assert_int_equal(record[strlen(record) - 1], '\n');
        }

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        for (size_t i = 0; i < ELEMENTSOF(watched); i++) {
                struct epoll_event event = { .events = EPOLLIN };

                watched[i] = fcntl(pipe_fds[0], F_DUPFD_CLOEXEC, 0);
                assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, watched[i], &event), 0);
        }
        snprintf(fdinfo, sizeof(fdinfo), "/proc/self/fdinfo/%d", epoll);
        expect_result("a large record", record_read(AT_FDCWD, fdinfo, &large, &size), 0);
        assert_true(size > 3 * 4096);
        assert_int_equal(large[size - 1], '\n');
        fds_close(watched, ELEMENTSOF(watched));
        fds_close(pipe_fds, ELEMENTSOF(pipe_fds));
        fd_close(epoll);
}

static void test_fd_bin(_unused_ void **state) {
        enum { N = FD_BIN_MAX + 50 };
        int fds[N], kept = 0;
        FdBin bin = {};

        for (int i = 0; i < N; i++) {
                fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
                assert_true(fds[i] >= 0);
        }
        for (int i = N - 1; i >= 0; i--)
                if (i % 10 != 3)
                        fd_bin_add(&bin, fds[i]);
        fd_bin_add(&bin, -1);
        errno = ENOENT;
        fd_bin_empty(&bin);
        assert_int_equal(errno, ENOENT);
        for (int i = 0; i < N; i++) {
                assert_int_equal(is_open(fds[i]), i % 10 == 3);
                kept += is_open(fds[i]);
                if (i % 10 == 3)
                        close(fds[i]);
        }
        assert_int_equal(kept, N / 10 + (N % 10 > 3));
}

typedef struct Seen {
        unsigned n, directories;
} Seen;

static int see(void *userdata, const char *name, unsigned char type) {
        Seen *seen = userdata;

        assert_true(type == DT_REG || (type == DT_DIR && streq(name, "sub")));
        seen->n++;
        seen->directories += type == DT_DIR;
        return seen->n > 400 ? -E2BIG : 0;
}

/* More names than fit in one buffer. */
static void test_directory_visit(_unused_ void **state) {
        char *dir = temp_make(), name[64], path[PATH_MAX];
        Seen seen = {};

        temp_dir(dir, "sub");
        for (unsigned i = 0; i < 399; i++) {
                snprintf(name, sizeof(name), "a-name-that-takes-some-room-%u", i);
                temp_text(dir, name, "");
        }
        assert_int_equal(directory_visit(dir, see, &seen), 0);
        assert_int_equal(seen.n, 400);
        assert_int_equal(seen.directories, 1);
        assert_int_equal(directory_visit(dir, see, &seen), -E2BIG);
        assert_int_equal(seen.n, 401);
        assert_int_equal(directory_visit(temp_path(path, dir, "no"), see, &seen), -ENOENT);
        temp_remove(dir);
}

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

static void test_library_load(_unused_ void **state) {
        static const char *const names[] = { "getpid", "no_such_function" };
        void *functions[2] = {};

        assert_int_equal(library_load("libno-such-library.so.1", names, 1, functions), -ENOENT);
        assert_int_equal(library_load("libc.so.6", names, 2, functions), -ENOSYS);
        /* If one function is found, a caller may expect the others, too. */
        assert_null(functions[0]);

        assert_int_equal(library_load("libc.so.6", names, 1, functions), 0);
        assert_non_null(functions[0]);
        assert_null(functions[1]);
}

static void test_process(_unused_ void **state) {
        _cleanup_free_ char *pid = NULL, *name = NULL, *same = NULL, *none = NULL;
        _cleanup_strv_free_ char **words = NULL;
        ProcessFacts facts;
        uint64_t started;
        char number[16];

        assert_int_equal(process_status(0, "Pid", &pid), 0);
        snprintf(number, sizeof(number), "%d", getpid());
        assert_string_equal(pid, number);
        assert_int_equal(process_status(0, "Name", &name), 0);
        assert_int_equal(process_status(getpid(), "Name", &same), 0);
        assert_string_equal(name, same);
        /* The end or the beginning of a key is not a key. */
        assert_int_equal(process_status(0, "ame", &none), -ENODATA);
        assert_int_equal(process_status(0, "Nam", &none), -ENODATA);
        assert_int_equal(process_status(INT32_MAX, "Name", &none), -ENOENT);
        assert_int_equal(process_cgroup(INT32_MAX, &none), -ENOENT);

        assert_int_equal(process_facts(getpid(), &facts), 0);
        assert_string_equal(facts.name, name);
        assert_int_equal(facts.parent, getppid());
        assert_int_equal(facts.uid, getuid());
        assert_int_equal(facts.depth, process_pid_depth(0));
        assert_int_equal(process_facts(INT32_MAX, &facts), -ENOENT);
        assert_int_equal(process_arguments(getpid(), &words), 0);
        assert_non_null(strstr(words[0], "test-util"));
        assert_int_equal(process_started(getpid(), &started), 0);
        assert_true(started <= clock_usec(CLOCK_BOOTTIME) && clock_usec(CLOCK_BOOTTIME) - started < 600000000);
        assert_null(none);
}

static void test_pidfd_exit(_unused_ void **state) {
        int pidfd, r;
        pid_t pid = fork();

        if (pid == 0)
                _exit(7);
        assert_true(pid > 0);
        pidfd = sys_pidfd_open(pid, 0);
        assert_true(pidfd >= 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        r = process_pidfd_exit(pidfd);
        if (r != -EOPNOTSUPP) /* before Linux 6.15 */
                assert_int_equal(r, 7 << 8);
        (void) close(pidfd);
        /* Where the kernel tells nothing, nothing has ended with status 0. */
        assert_int_equal(process_pidfd_exit(-1), -EOPNOTSUPP);
}

static void test_id_map(_unused_ void **state) {
        _cleanup_(id_map_deinit) IdMap map = {};
        _cleanup_free_ char *text = NULL;
        IdMap other = {};
        uint64_t id = 7;

        assert_int_equal(id_map_parse("         0       1000          1\n         1     100000      65536\n", &map), 0);
        assert_int_equal(map.n, 2);
        assert_int_equal(map.items[1].outside, 100000);
        text = id_map_format(&map, ",");
        expect_text("map", text, "0 1000 1,1 100000 65536");

        assert_true(id_map_find(&map, 0, &id));
        assert_int_equal(id, 1000);
        assert_true(id_map_find(&map, 65536, &id));
        assert_int_equal(id, 165535);
        assert_false(id_map_find(&map, 65537, &id));
        assert_false(id_map_find(&map, UINT64_C(1) << 32, &id));

        assert_int_equal(id_map_parse("", &other), 0);
        assert_int_equal(other.n, 0);
        assert_true(id_map_find(&other, 4711, &id));
        assert_int_equal(id, 4711);
        assert_int_equal(id_map_parse("0 0 1\n1 2", &other), -EINVAL);
        assert_int_equal(id_map_parse("0 0 x", &other), -EINVAL);
        assert_int_equal(other.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_library_load), cmocka_unit_test(test_process), cmocka_unit_test(test_pidfd_exit),
                cmocka_unit_test(test_whole_numbers),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_timespans),
                cmocka_unit_test(test_signals_and_errnos),
                cmocka_unit_test(test_fractions),
                cmocka_unit_test(test_bitmap), cmocka_unit_test(test_bitmap_largest),
                cmocka_unit_test(test_words), cmocka_unit_test(test_colons),
                cmocka_unit_test(test_path_safe),
                cmocka_unit_test(test_path_is_below), cmocka_unit_test(test_path_simplify), cmocka_unit_test(test_path_parent),
                cmocka_unit_test(test_path_pairs), cmocka_unit_test(test_map),
                cmocka_unit_test(test_escape), cmocka_unit_test(test_escape_places),
                cmocka_unit_test(test_hex), cmocka_unit_test(test_make_line),
                cmocka_unit_test(test_strv), cmocka_unit_test(test_strv_empty),
                cmocka_unit_test(test_id_map), cmocka_unit_test(test_record_read), cmocka_unit_test(test_fd_bin), cmocka_unit_test(test_directory_visit),
                cmocka_unit_test(test_report),
                cmocka_unit_test(test_report_without_sink),
                cmocka_unit_test(test_report_first),
                cmocka_unit_test(test_origin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
