/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/format.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/clock.h"
#include "util/macro.h"

void format_bytes(char ret[static FORMAT_MAX], uint64_t bytes) {
        static const char units[] = "BKMGTPE";
        double value = (double) bytes;
        size_t unit = 0;

        for (; value >= 1024 && unit < strlen(units) - 1; unit++)
                value /= 1024;
        snprintf(ret, FORMAT_MAX, "%.*f%c", unit ? 1 : 0, value, units[unit]);
}

void format_span(char ret[static FORMAT_MAX], uint64_t usec) {
        const uint64_t second = 1000000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

        if (usec < second)
                snprintf(ret, FORMAT_MAX, "%" PRIu64 "ms", usec / 1000);
        else if (usec < minute)
                snprintf(ret, FORMAT_MAX, "%.1fs", (double) usec / (double) second);
        else if (usec < hour)
                snprintf(ret, FORMAT_MAX, "%" PRIu64 "min", usec / minute);
        else if (usec < day)
                snprintf(ret, FORMAT_MAX, "%" PRIu64 "h", usec / hour);
        else
                snprintf(ret, FORMAT_MAX, "%" PRIu64 "d", usec / day);
}

void format_age(char ret[static FORMAT_MAX], uint64_t started_usec) {
        uint64_t now = clock_usec(CLOCK_REALTIME);

        format_span(ret, now > started_usec ? now - started_usec : 0);
}
