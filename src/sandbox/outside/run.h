/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A start and the running instance: the state that all parts of isorun's side share. Everything here runs outside. */

#include <signal.h>
#include <sys/signalfd.h>

#include "sandbox/outside/given.h"
#include "sandbox/outside/holder.h"
#include "sandbox/outside/outcome.h"
#include "sandbox/wire/message.h"
#include "util/patience.h"

typedef struct Run {
        const Plan *plan;
        Report *report;
        int bus_socket; /* from bus.h, until bus takes it over; -1: none */
        Bus bus;      /* open during the start */
        int socket;   /* to the first process inside */
        int pidfd;    /* of the first process inside */
        int payload;  /* pidfd of the payload; -1: not running yet */
        int signals;  /* signalfd of the signals that isorun forwards */
        pid_t pid;    /* of the first process inside; 0: none, or it has ended */
        sigset_t signal_mask; /* the mask before isorun changed it */
        Patience patience;
        Holder holder;
        GivenFiles given;
        Outcome outcome;
} Run;

/* Reports a MESSAGE_FAILED of the first process inside. Returns -errno. */
int run_failure(Run *run, const Message *m);

/* Reports a MESSAGE_STEP of the first process inside. */
void run_step(const Run *run, const Message *m);

/* Reports that the first process inside has sent an invalid message (EPROTO), or that the socket failed with error.
 * Returns -error. */
int run_talk_failed(const Run *run, int error);

/* Reads a signal that was sent to isorun. Returns 1, or 0 if there was none. */
int run_take_signal(const Run *run, struct signalfd_siginfo *ret);

/* For how long a signal may wait for somebody who can take it: the payload, systemd. Then the wait for that ends, and
 * isorun with it. Together with the time to end, this is less than a second. */
enum { RUN_GRACE_MSEC = 400 };

/* Blocks the signals that isorun forwards, and receives them: from now on run->patience sees them. Returns 0 or -errno,
 * reported. */
int run_take_signals(Run *run);

/* Reports that patience_poll() has failed with r; -EINTR is reported already. Returns r. */
int run_wait_failed(const Run *run, int r);

/* Waits until the first process inside has ended. With --hand-over it is the service manager's child (hand-over.h), so
 * its status is not known, and *ret says that it was killed. Returns 0 or -errno. */
int run_wait(Run *run, siginfo_t *ret);

/* Notes that the payload has ended, with its status from waitpid(2). */
void run_ended(Run *run, int wait_status);

/* Forks a process in the instance's unit, so that what it uses is counted there. A user's login session may not put a
 * process into the user's units: the process then stays beside isorun. Returns as fork(2). */
pid_t run_fork_in_unit(const Run *run, int *ret_pidfd);
