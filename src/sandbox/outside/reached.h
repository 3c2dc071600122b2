/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* TasksMax=, which the instance reaches: one record in the journal when that happens, and one notice, with the policy's
 * line, when the instance ends. */

#include "sandbox/outside/run.h"

typedef struct Reached {
        bool tasks; /* TasksMax= has been recorded */
} Reached;

/* An fd to wait for with POLLPRI; -1: none. The payload can reach a limit again and again, so only the first time
 * counts. */
int reached_fd(const Reached *reached, const Run *run);

/* Something has happened at that fd. */
void reached_process(Reached *reached, const Run *run);

/* The payload has ended. */
void reached_end(Reached *reached, const Run *run);
