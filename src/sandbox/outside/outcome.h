/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* How far a start has come. */
typedef enum Progress {
        PROGRESS_STARTING, /* the payload has not been executed; exit_status says what isorun exits with */
        PROGRESS_RUNNING,  /* the payload's execve(2) has succeeded; in an Outcome: how it ended is not known, for
                              isorun failed before, and exits with exit_status */
        PROGRESS_ENDED,    /* the payload has ended, or was handed over; wait_status says how */
} Progress;

/* How an instance ended. */
typedef struct Outcome {
        Progress progress;
        int wait_status; /* as of waitpid(2) */
        int exit_status; /* PLAN_*, or 128+N for a signal that stopped the start */
        bool name_taken; /* there is a unit of the plan's name, which is not reported */
} Outcome;
