/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/outside/denial-log.h"
#include "sandbox/outside/flow-server.h"
#include "sandbox/outside/hand-over.h"
#include "sandbox/outside/reached.h"
#include "sandbox/outside/relay.h"
#include "sandbox/outside/run-terminal.h"
#include "sandbox/outside/watcher.h"
#include "sandbox/outside/run.h"

/* A run, and the parts that have work while the payload runs. */
typedef struct Supervisor {
        Run run;
        int control;          /* the socket that isoctl connects to; -1: none */
        uint64_t entered_end; /* until then, a command of isoctl may be about to start; CLOCK_MONOTONIC; 0: none */
        uint64_t begun;       /* when the start began; CLOCK_MONOTONIC */
        uint64_t started;     /* when the payload has been executed; CLOCK_MONOTONIC */
        Reached reached;
        RunTerminal terminal;
        Relay relay;
        FlowServer flows;
        Watcher watcher;
        DenialLog denial_log;
        HandOver hand_over;
} Supervisor;

/* Outside: forwards signals, messages and the terminal until the payload has ended, or until the instance is handed
 * over and no longer belongs to isorun. Returns 0 with the run's outcome filled, or -errno, reported. */
int supervise(Supervisor *s);
