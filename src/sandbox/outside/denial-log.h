/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's side of LogDenials=yes: watch/log.h. */

#include "sandbox/outside/run.h"
#include "sandbox/systemd/journal.h"

typedef struct DenialLog {
        int socket; /* -1: the process is not there, or sends nothing any more */
        int pidfd;  /* of the process; -1: none */
        bool begun;
        JournalRate rate;
} DenialLog;

/* Starts the process, which answers at the listener. If that is -1, a filter around has a listener already: tells that
 * nothing is recorded. Returns 0 or -errno, reported. */
int denial_log_start(DenialLog *log, const Run *run, int listener);

/* Takes records from the process. If it has been killed, tells that, once. */
void denial_log_take(DenialLog *log, const Run *run);

/* When nothing is left of the payload: takes the last records, and ends the process. */
void denial_log_end(DenialLog *log, const Run *run);
