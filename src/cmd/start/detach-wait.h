/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How isorun --detach waits for the isorun in the service, and stops the service if a signal ends the wait. */

#include <signal.h>

#include "plan/plan.h"
#include "util/patience.h"

typedef struct DetachWait {
        const Plan *plan;
        const char *unit;
        int socket;   /* to the isorun in the service; hangs up when the service has ended */
        int messages; /* the messages of that isorun */
        int signals;  /* signalfd of the signals that end the wait */
        int sig;      /* the signal that has come; 0: none */
        Patience patience;
        Report *report;
} DetachWait;

/* Begins to receive signals. Call this before systemd is asked for the service; patience then sees them, too. Returns 0
 * or -errno, reported. */
int detach_wait_begin(DetachWait *wait);

/* Passes on the messages of the other isorun. Returns its exit status, or 0 once the command runs. If a signal comes
 * before that, stops the service. */
int detach_wait_for_start(DetachWait *wait);

/* The exit status after a signal, wait->sig. */
int detach_wait_interrupted(const DetachWait *wait);
