/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Limits that the instance reaches: one record in the journal, and one notice, with the policy's line, when the
 * instance ends. TasksMax= is recorded when it is reached. Of a directory in memory, only the end shows that it is
 * full. */

#include "sandbox/outside/run.h"

typedef struct Reached {
        bool tasks;    /* TasksMax= has been recorded */
        size_t n_full; /* so many of MESSAGE_FULL have come */
} Reached;

/* An fd to wait for with POLLPRI; -1: none. The payload can reach a limit again and again, so only the first time
 * counts. */
int reached_fd(const Reached *reached, const Run *run);

/* Something has happened at that fd. */
void reached_process(Reached *reached, const Run *run);

/* MESSAGE_FULL. Returns 0, or -EPROTO if the first process inside would not send this index. */
int reached_full(Reached *reached, const Run *run, size_t mount);

/* The payload has ended. */
void reached_end(Reached *reached, const Run *run);
