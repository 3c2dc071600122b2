/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's side of the process that watches the payload: isorun --why and --record. */

#include "sandbox/outside/run.h"
#include "sandbox/watch/denials.h"

typedef struct Watcher {
        int socket; /* -1: the payload is not watched */
        int pidfd;
        Denials *denials; /* what the process has collected so far; NULL: the payload is not watched */
} Watcher;

/* Starts the process, which attaches to the payload (a pidfd), and lets the payload go on. Returns 0 or -errno,
 * reported. */
int watcher_start(Watcher *w, const Run *run, int payload);

/* When nothing is left of the payload: reports what was denied, and lets the process write what was used. */
void watcher_report(Watcher *w, const Run *run);

void watcher_deinit(Watcher *w);
