/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The system calls of a recorded policy: few groups and names, and none that the run's policy denies. A group stands
 * for two used calls or more. */

#include "plan/plan.h"
#include "plan/record/record.h"

/* A value of SystemCallFilter=. */
typedef struct CallsLine {
        const char *word;   /* constant: a group or a call */
        char *calls;        /* of a group: the used ones, "openat, stat and 12 more"; else NULL */
        const char *reason; /* constant: why it is there without a use; NULL: it was used */
        RecordCount count;
} CallsLine;

typedef struct CallsLines {
        CallsLine *items;
        size_t n;
} CallsLines;

/* Needs the plan's rules. Returns 0 or -ENOMEM. */
int record_make_calls(const Plan *plan, const Record *record, CallsLines *ret);

void calls_lines_deinit(CallsLines *lines);
