/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "sandbox/outside/hand-over.h"
#include "sandbox/outside/holder.h"
#include "sandbox/outside/relay.h"
#include "sandbox/outside/run-terminal.h"
#include "sandbox/outside/sandbox.h"
#include "sandbox/wire/message.h"

/* A start and what comes of it, as isorun sees it. */
struct Run {
        const Plan *plan;
        Report *report;
        int socket;   /* to the process inside */
        int pidfd;    /* of the process inside */
        int payload;  /* pidfd of the payload */
        int control;  /* where isoctl connects; -1: nowhere */
        int signals;  /* signalfd of those that are handed on */
        pid_t pid;    /* of the process inside; 0: none, or waited for */
        sigset_t signal_mask; /* before isorun changed it */
        RunTerminal terminal;
        Patience patience;
        Holder holder;
        bool held;    /* holder_begin() has succeeded */
        Relay relay;
        HandOver hand_over;
        Outcome outcome;
};

/* Waits until the payload has ended, handing signals on, or until the instance is handed over, which is then no more
 * of ours. Returns 0 with run->outcome filled, or -errno, reported. */
int supervise(Run *run);

/* Reports what the process inside says went wrong; returns -errno. */
int run_failure(Run *run, const Message *m);

/* A signal came before there was a payload to hand it to: reports it, and returns -EINTR. */
int run_interrupted(Run *run);

/* Waits until the process inside has ended. Where it is the manager's child, as the main process of a service must be
 * (hand-over.h), it is taken for killed. Returns 0 or -errno. */
int run_wait(Run *run, siginfo_t *ret);

/* The payload has ended, as of waitpid(2). */
void run_ended(Run *run, int wait_status);

/* Takes a signal that was sent to isorun. Returns it, or 0 where there is none. */
int run_take_signal(const Run *run);
