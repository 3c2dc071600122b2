/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A start and what comes of it: what all parts of isorun's side share. */

#include <signal.h>
#include <sys/signalfd.h>

#include "sandbox/outside/holder.h"
#include "sandbox/outside/outcome.h"
#include "sandbox/wire/message.h"
#include "util/patience.h"

typedef struct Run {
        const Plan *plan;
        Report *report;
        int socket;   /* to the process inside */
        int pidfd;    /* of the process inside */
        int payload;  /* pidfd of the payload; -1: it does not run yet */
        int signals;  /* signalfd of those that are handed on */
        pid_t pid;    /* of the process inside; 0: none, or waited for */
        sigset_t signal_mask; /* before isorun changed it */
        Patience patience;
        Holder holder;
        bool held;    /* holder_begin() has succeeded */
        Outcome outcome;
} Run;

/* Reports what the process inside says went wrong; returns -errno. */
int run_failure(Run *run, const Message *m);

/* Reports a step of the process inside. */
void run_step(const Run *run, const Message *m);

/* The process inside says what it may not, or cannot be understood: reports it, and returns -error. */
int run_talk_failed(const Run *run, int error);

/* Takes a signal that was sent to isorun. Returns 1, or 0 if there was none. */
int run_take_signal(const Run *run, struct signalfd_siginfo *ret);

/* A signal came before there was a payload to hand it to: reports it, and returns -EINTR. */
int run_interrupted(Run *run);

/* Waits until the process inside has ended. Where it is the manager's child, as the main process of a service must be
 * (hand-over.h), it is taken for killed. Returns 0 or -errno. */
int run_wait(Run *run, siginfo_t *ret);

/* The payload has ended, as of waitpid(2). */
void run_ended(Run *run, int wait_status);
