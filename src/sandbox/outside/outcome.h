/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The progress of a start. */
typedef enum Progress {
        PROGRESS_STARTING, /* the payload has not been executed; isorun exits with exit_status */
        PROGRESS_RUNNING,  /* the payload's execve(2) has succeeded. In an Outcome: isorun failed before the payload
                              ended, and exits with exit_status */
        PROGRESS_ENDED,    /* the payload has ended, or the instance was handed over; wait_status says how */
} Progress;

/* What an instance has used, with the steps of its start. */
typedef struct Usage {
        uint64_t cpu_usec;
        uint64_t max_rss;     /* bytes of its largest process */
        uint64_t memory_peak; /* bytes of all processes together; 0: it has no cgroup with that counter */
        uint64_t tasks_peak;  /* threads at a time; 0: the same */
        bool oom_killed;      /* the kernel has killed a process of it for lack of memory */
} Usage;

/* How an instance ended. */
typedef struct Outcome {
        Progress progress;
        int wait_status; /* from waitpid(2) */
        int exit_status; /* PLAN_*, or 128+N if signal N stopped the start */
        bool name_taken; /* a unit of the plan's name exists; this is not reported */
        Usage usage;     /* if the plan is measured or recorded; not after a hand-over */
} Outcome;
