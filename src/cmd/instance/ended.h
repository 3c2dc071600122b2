/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Instances that have ended, as the journal knows them: isorun(7), THE JOURNAL. */

#include <stdbool.h>
#include <stdint.h>

typedef struct Ended {
        char *name, *unit, *policy;
        char *message;      /* of the last record, "web ended: exit status 3" */
        char *command;      /* NULL: not known */
        bool refused;       /* it was not started */
        int status;         /* as isorun's exit status; -1: not known */
        uint64_t started_usec, ended_usec; /* of CLOCK_REALTIME; 0: not known */
} Ended;

void ended_deinit(Ended *ended);

/* Finds the last records about an instance, in the journal of this boot, and not older than since_usec. text is a name
 * or a unit of the caller, or USER/NAME. Only records count that isorun wrote as that user, or in that unit. Returns 1,
 * 0 if there is no record that the caller may read, or -errno. */
int ended_find(const char *text, uint64_t since_usec, Ended *ret);
