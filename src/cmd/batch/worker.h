/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes in which isorun --batch runs the lines of its input, one line after the other. Each worker keeps the
 * plan of its last program, so that it need not plan every run. A worker that hangs or dies costs one line. */

#include <signal.h>

#include "cmd/batch/job.h"
#include "lib/load.h"

/* Makes the plan for a job, as loaded_plan() does; for NULL, one that is only checked. Returns 0, or the exit status
 * for a failure, which is reported. *ret_loaded must be freed in both cases. */
typedef int (*BatchPlanner)(void *userdata, const Job *job, const char *name, Loaded *ret_loaded, Plan **ret,
                            Report *report);

/* What all workers have in common. */
typedef struct Work {
        const JsonLibrary *lib;
        BatchPlanner plan;
        void *userdata;
        const char *base;      /* of the names: "BASE-LINE" */
        int fds[2];            /* of the parent alone; -1: none */
        int null, messages;    /* become standard input, and standard output and error */
        sigset_t mask;         /* the caller's */
        struct sigaction pipe; /* what the caller does about SIGPIPE */
} Work;

typedef struct Worker {
        pid_t pid;     /* 0: it has not begun */
        int socket;
        uint64_t line; /* that it runs; 0: it waits for one */
} Worker;

typedef enum Verdict {
        VERDICT_SUCCESS, /* the command has exited with 0 */
        VERDICT_FAILURE, /* it has ended otherwise */
        VERDICT_ERROR,   /* it was not started */
} Verdict;

/* Begins one of n workers in a new process. Returns 0 or -errno. */
int worker_begin(Worker *worker, const Work *work, const Worker *workers, size_t n);

/* Gives a line to the worker. Returns 0 or -errno. */
int worker_send(Worker *worker, uint64_t line, const char *text, size_t size);

/* Takes the result of the worker's line: a line of JSON, and after it a line for each notice, on the heap. Returns 0 or
 * -errno; -ECONNRESET: the worker has ended. */
int worker_receive(Worker *worker, Verdict *ret_verdict, char **ret_text);

/* Closes the socket of a worker, which ends when it has no line any more, and waits for that. Returns its status from
 * waitpid(2). */
int worker_end(Worker *worker);
