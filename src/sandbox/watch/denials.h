/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The failed calls of a payload, once each and counted. A payload can fail as often as it likes, with any path, so
 * everything here has a bound; what is beyond it is only counted.
 *
 * They are in memory that the children of the process share, at the same address: one process adds, and others may read
 * with the functions below meanwhile. */

#include "plan/deny/watch.h"

enum {
        DENIALS_MAX = 4096,        /* different ones */
        DENIALS_MISSING_MAX = 3072, /* of these, files that do not exist: programs look for many */
        DENIALS_TEXT_MAX = 1 << 20, /* bytes of all paths together */
        DENIAL_ARGUMENTS = 6,
};

typedef struct Denial {
        int number;            /* of the call that failed first */
        int error;
        uint32_t count;
        bool by_filter;
        WatchedUse use;        /* not by the filter */
        const char *path;      /* the same: a path, an address such as "192.0.2.1:53/udp", or ""; the table's copy */
        uint64_t arguments[DENIAL_ARGUMENTS]; /* by the filter: those of the first call */
} Denial;

/* Of the processes that a filter has killed, the first one with a call of another architecture, or else the first one,
 * and how many there were. */
typedef struct DenialDeaths {
        uint32_t count;
        int number;            /* of the call; -1: one of several threads made it, and nobody knows which */
        uint32_t architecture; /* AUDIT_ARCH_* */
} DenialDeaths;

typedef struct Denials Denials;

/* NULL when memory runs out. Nothing is allocated afterwards. */
Denials *denials_new(void);
Denials *denials_free(Denials *d);
DEFINE_CLEANUP(Denials *, denials_free);

/* Counts a call. Of the same ones, the first is kept, and returned. NULL: there is no room. */
const Denial *denials_add(Denials *d, const Denial *denial);

/* Notes a process that a filter has killed. again: another thread of a process that is noted already. */
void denials_add_death(Denials *d, int number, uint32_t architecture, bool again);
DenialDeaths denials_deaths(const Denials *d);

size_t denials_count(const Denials *d);
const Denial *denials_get(const Denials *d, size_t i);

/* How often it failed; the count itself may be about to change. */
uint32_t denial_count(const Denial *denial);

/* How many calls were not kept. */
uint64_t denials_lost(const Denials *d);
