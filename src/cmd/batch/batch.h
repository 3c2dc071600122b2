/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --batch: runs each line of standard input in a sandbox of its own. This process reads the lines, hands them to
 * workers (worker.h) and prints their results. It reads a line only when a worker is free, so its memory does not grow
 * with the input. */

#include "cmd/batch/worker.h"

enum { BATCH_FAILED = 1 }; /* the exit status if not all commands have succeeded */

typedef struct BatchRequest {
        unsigned jobs;     /* how many run at once */
        bool quiet;
        const JsonLibrary *lib;
        BatchPlanner plan;
        void *userdata;
        const char *base;  /* of the instances' names */
        char **notices;    /* those that are reported already; freed by the caller */
} BatchRequest;

/* Runs the lines until the input ends or a signal comes. Returns the exit status: 0, BATCH_FAILED, PLAN_FAILED
 * (reported), or 128 and the signal's number. */
int batch_run(BatchRequest *request, Report *report);
