/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/parse.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>

#include "util/macro.h"
#include "util/similar.h"
#include "util/text.h"

int parse_boolean(const char *text, bool *ret) {
        static const char words[][2][6] = { { "1", "0" }, { "yes", "no" }, { "y", "n" }, { "true", "false" },
                                            { "t", "f" }, { "on", "off" } };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                for (size_t no = 0; no < 2; no++)
                        if (strcasecmp(text, words[i][no]) == 0) {
                                *ret = !no;
                                return 0;
                        }
        return -EINVAL;
}

int parse_u64_range(const char *text, uint64_t min, uint64_t max, uint64_t *ret) {
        unsigned long long u;
        char *end;

        if (!isdigit((unsigned char) text[0]))
                return -EINVAL;

        errno = 0;
        u = strtoull(text, &end, 10);
        if (*end)
                return -EINVAL;
        if (errno == ERANGE || u < min || u > max)
                return -ERANGE;

        *ret = u;
        return 0;
}

int parse_u64(const char *text, uint64_t *ret) {
        return parse_u64_range(text, 0, UINT64_MAX, ret);
}

int parse_int(const char *text, int min, int max, int *ret) {
        char *end;
        long l;

        if (!isdigit((unsigned char) text[text[0] == '-' || text[0] == '+']))
                return -EINVAL;

        errno = 0;
        l = strtol(text, &end, 10);
        if (*end)
                return -EINVAL;
        if (errno == ERANGE || l < min || l > max)
                return -ERANGE;

        *ret = (int) l;
        return 0;
}

int parse_mode(const char *text, uint32_t *ret) {
        unsigned long u;
        char *end;

        if (text[0] < '0' || text[0] > '7')
                return -EINVAL;

        u = strtoul(text, &end, 8);
        if (*end)
                return -EINVAL;
        if (u > 07777)
                return -ERANGE;

        *ret = (uint32_t) u;
        return 0;
}

/* Parses "12" or "12.5" at *p, and moves *p past it. Accepts no sign, exponent or hexadecimal digits, and does not
 * depend on the locale. */
static int take_decimal(const char **p, long double *ret) {
        enum { LENGTH_MAX = 64 }; /* zeros included, more than any number needs */
        long double value = 0, scale = 1;
        bool digits = false;

        if (strspn(*p, "0123456789.") > LENGTH_MAX)
                return -ERANGE;
        for (; isdigit((unsigned char) **p); (*p)++, digits = true)
                value = value * 10 + (**p - '0');
        if (!digits)
                return -EINVAL;

        if (**p == '.') {
                (*p)++;
                if (!isdigit((unsigned char) **p))
                        return -EINVAL;
                for (; isdigit((unsigned char) **p); (*p)++)
                        value += (**p - '0') * (scale /= 10);
        }

        *ret = value;
        return 0;
}

/* Rounds a half up. */
static int scaled(long double value, long double factor, uint64_t *ret) {
        const long double v = value * factor;
        uint64_t whole;

        if (v >= 0x1p64L)
                return -ERANGE;
        whole = (uint64_t) v;
        if (v - (long double) whole >= 0.5L && ++whole == 0)
                return -ERANGE;
        *ret = whole;
        return 0;
}

int parse_size(const char *text, unsigned base, uint64_t *ret) {
        static const char suffixes[] = "KMGTPE";
        long double value, factor = 1;
        const char *p = text, *s;
        int r;

        r = take_decimal(&p, &value);
        if (r < 0)
                return r;

        if (*p && (s = strchr(suffixes, *p))) {
                for (const char *c = suffixes; c <= s; c++)
                        factor *= base;
                p++;
        } else if (*p == 'B')
                p++;
        if (*p)
                return -EINVAL;

        return scaled(value, factor, ret);
}

int parse_percent(const char *text, uint64_t *ret) {
        const char *p = text;
        long double value;
        int r;

        r = take_decimal(&p, &value);
        if (r < 0)
                return r;
        if (!streq(p, "%"))
                return -EINVAL;

        return scaled(value, 100, ret);
}

static const struct {
        const char *name;
        uint64_t usec;
} time_units[] = {
        { "seconds", 1000000 },         { "second", 1000000 },
        { "sec", 1000000 },             { "s", 1000000 },
        { "minutes", 60000000 },        { "minute", 60000000 },
        { "min", 60000000 },            { "months", 2629800000000 },
        { "month", 2629800000000 },     { "M", 2629800000000 },
        { "msec", 1000 },               { "ms", 1000 },
        { "m", 60000000 },              { "hours", 3600000000 },
        { "hour", 3600000000 },         { "hr", 3600000000 },
        { "h", 3600000000 },            { "days", 86400000000 },
        { "day", 86400000000 },         { "d", 86400000000 },
        { "weeks", 604800000000 },      { "week", 604800000000 },
        { "w", 604800000000 },          { "years", 31557600000000 },
        { "year", 31557600000000 },     { "y", 31557600000000 },
        { "usec", 1 },                  { "us", 1 },
        { "µs", 1 },                    { "μs", 1 },
};

/* Parses the time unit at *p, and moves *p past it. Without a unit, seconds. Returns the unit in microseconds. */
static uint64_t take_time_unit(const char **p) {
        *p += strspn(*p, " \t");

        for (size_t i = 0; i < ELEMENTSOF(time_units); i++) {
                const char *rest = startswith(*p, time_units[i].name);

                if (rest && !isalpha((unsigned char) *rest)) {
                        *p = rest;
                        return time_units[i].usec;
                }
        }
        return 1000000;
}

int parse_timespan(const char *text, uint64_t *ret) {
        uint64_t sum = 0, part;
        const char *p = text;
        long double value;
        int r;

        if (streq(text, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }

        do {
                p += strspn(p, " \t");
                r = take_decimal(&p, &value);
                if (r < 0)
                        return r;
                r = scaled(value, (long double) take_time_unit(&p), &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(sum, part, &sum) || sum == UINT64_MAX)
                        return -ERANGE;
                p += strspn(p, " \t");
        } while (*p);

        *ret = sum;
        return 0;
}

char *timespan_guess(const char *text) {
        size_t digits = strspn(text, "0123456789.");
        const char *unit = text + digits + strspn(text + digits, " ");
        Similar similar = { .word = unit };
        _cleanup_free_ char *guess = NULL;
        uint64_t usec;

        /* Any letter is similar to any unit of one letter, but for its case. */
        for (size_t i = 0; digits > 0 && i < ELEMENTSOF(time_units); i++)
                if (strcasecmp(time_units[i].name, unit) == 0 || (unit[0] && unit[1] && time_units[i].name[1]))
                        similar_try(&similar, time_units[i].name);
        guess = similar.found ? format("%.*s%s", (int) digits, text, similar.found) : NULL;
        return guess && parse_timespan(guess, &usec) >= 0 ? TAKE_PTR(guess) : NULL;
}

int parse_signal(const char *text, int *ret) {
        const char *name = startswith(text, "SIG") ?: text, *rest;
        int n;

        if (parse_int(text, 1, SIGRTMAX, ret) == 0)
                return 0;

        for (n = 1; n < NSIG; n++) {
                const char *abbreviation = sigabbrev_np(n);

                if (abbreviation && streq(abbreviation, name)) {
                        *ret = n;
                        return 0;
                }
        }

        rest = startswith(name, "RTMIN+");
        if (rest && parse_int(rest, 0, SIGRTMAX - SIGRTMIN, &n) == 0) {
                *ret = SIGRTMIN + n;
                return 0;
        }
        return -EINVAL;
}

int parse_errno(const char *text, int *ret) {
        if (parse_int(text, 0, ERRNO_MAX, ret) == 0)
                return 0;

        for (int n = 1; n <= ERRNO_MAX; n++) {
                const char *name = strerrorname_np(n);

                if (name && streq(name, text)) {
                        *ret = n;
                        return 0;
                }
        }
        return -EINVAL;
}

static int take_index(const char **p, unsigned *ret) {
        enum { INDEX_MAX = 8191 }; /* the largest value of CONFIG_NR_CPUS, minus one */
        unsigned n = 0;

        if (!isdigit((unsigned char) **p))
                return -EINVAL;
        for (; isdigit((unsigned char) **p); (*p)++) {
                n = n * 10 + (unsigned) (**p - '0');
                if (n > INDEX_MAX)
                        return -ERANGE;
        }

        *ret = n;
        return 0;
}

int parse_bitmap(const char *text, uint8_t **ret, unsigned *ret_bytes) {
        uint8_t bits[1024] = {};
        unsigned first, last, bytes = 0;
        const char *p = text;
        int r;

        for (p += strspn(p, ", \t"); *p; p += strspn(p, ", \t")) {
                r = take_index(&p, &first);
                if (r < 0)
                        return r;
                last = first;
                if (*p == '-') {
                        p++;
                        r = take_index(&p, &last);
                        if (r < 0)
                                return r;
                }
                if (last < first || (*p && !strchr(", \t", *p)))
                        return -EINVAL;

                for (unsigned i = first; i <= last; i++)
                        bits[i / 8] |= (uint8_t) (1u << i % 8);
                if (last / 8 + 1 > bytes)
                        bytes = last / 8 + 1;
        }
        if (bytes == 0)
                return -EINVAL;

        *ret = malloc(bytes);
        if (!*ret)
                return -ENOMEM;
        memcpy(*ret, bits, bytes);
        *ret_bytes = bytes;
        return 0;
}
