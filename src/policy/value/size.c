/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "util/parse.h"
#include "util/text.h"

/* Parses a number from 1 to max. */
static int parse_number(const char *text, uint64_t max, uint64_t *ret) {
        size_t n = strlen(text);
        uint64_t number;
        char upper[128];
        int r;

        if (n == 0 || n >= sizeof(upper))
                return -EINVAL;
        memcpy(upper, text, n + 1);
        if (strchr("kmgtpe", upper[n - 1]))
                upper[n - 1] = (char) toupper(upper[n - 1]);

        r = parse_size(upper, 1024, &number);
        if (r < 0)
                return r;
        if (number == 0 || number > max)
                return -ERANGE;
        *ret = number;
        return 0;
}

int size_parse(const char *text, Size *ret) {
        Size size = { .relative = endswith(text, "%") };
        int r;

        if (!size.relative) {
                r = parse_number(text, INT64_MAX, &size.number);
                if (r >= 0)
                        *ret = size;
                return r;
        }

        r = parse_percent(text, &size.number);
        if (r < 0)
                return r;
        if (size.number % 100 != 0) /* tmpfs does not read fractions */
                return -EINVAL;
        if (size.number == 0 || size.number > 10000)
                return -ERANGE;
        size.number /= 100;
        *ret = size;
        return 0;
}

int size_parse_inodes(const char *text, uint64_t *ret) {
        return parse_number(text, UINT64_MAX / 1024, ret); /* the kernel charges 1024 bytes for an inode */
}

char *size_guess(const char *text) {
        static const char *const units[] = { "", "b", "ib", "byte", "bytes", NULL };
        size_t digits = strspn(text, "0123456789.");
        const char *unit = text + digits + strspn(text + digits, " ");
        uint64_t number;
        char *guess;

        if (!*unit || !strchr("kmgtpe", tolower((unsigned char) *unit)))
                return NULL;
        for (const char *const *u = units; *u; u++) {
                if (strcasecmp(*u, unit + 1) != 0)
                        continue;
                guess = format("%.*s%c", (int) digits, text, toupper((unsigned char) *unit));
                if (guess && parse_size(guess, 1024, &number) >= 0)
                        return guess;
                free(guess);
                return NULL;
        }
        return NULL;
}

char *size_format(Size size) {
        static const char suffixes[] = "KMGTPE";
        char suffix[2] = "";

        if (size.relative)
                return format("%" PRIu64 "%%", size.number);
        for (size_t i = 0; suffixes[i] && size.number >= 1024 && size.number % 1024 == 0; i++) {
                size.number /= 1024;
                suffix[0] = suffixes[i];
        }
        return format("%" PRIu64 "%s", size.number, suffix);
}
