/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <time.h>

/* The time of a clock (CLOCK_*), in microseconds. */
static inline uint64_t clock_usec(clockid_t clock) {
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

/* The milliseconds until a time of CLOCK_MONOTONIC, in microseconds, for poll(2): 0 if it has come. end 0 means never,
 * and returns -1. */
static inline int clock_msec_until(uint64_t end) {
        uint64_t now;

        if (!end)
                return -1;
        now = clock_usec(CLOCK_MONOTONIC);
        return now < end ? (int) ((end - now) / 1000) + 1 : 0;
}
