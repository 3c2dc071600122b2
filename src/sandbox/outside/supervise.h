/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/outside/hand-over.h"
#include "sandbox/outside/relay.h"
#include "sandbox/outside/run-terminal.h"
#include "sandbox/outside/run.h"

/* A run with the parts that have something to do while the payload runs. */
typedef struct Supervisor {
        Run run;
        int control; /* where isoctl connects; -1: nowhere */
        RunTerminal terminal;
        Relay relay;
        HandOver hand_over;
} Supervisor;

/* Waits until the payload has ended, handing signals on, or until the instance is handed over, which is then no more
 * of ours. Returns 0 with the run's outcome filled, or -errno, reported. */
int supervise(Supervisor *s);
