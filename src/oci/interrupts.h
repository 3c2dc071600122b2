/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How commands wait. What they wait for may be in a container, whose processes can stop each other, so SIGTERM, SIGINT,
 * SIGHUP and SIGQUIT end each wait: the command then fails, and removes what it has made. Signals are blocked, so that
 * they do this at no other place. A wait takes the signal that ends it, and the next one can take its time; another
 * signal ends that one, too. Signals that come just after one are the same: timeout(1) sends two, to the process and to
 * its group. In commands that wait for nothing, nothing is blocked, and signals have their own effect. */

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "util/patience.h"
#include "util/report.h"

/* Blocks all signals. *ret_mask, which may be NULL, is the mask before. Returns 0 or -errno, reported. */
int interrupts_begin(sigset_t *ret_mask, Report *report);

/* Whether interrupts_begin() has been called. */
bool interrupts_begun(void);

/* For waits of their own: takes a signal. Returns whether it is to end the wait. */
bool interrupts_take(void);

/* What waits do besides. fill() fills in fds to poll(2), and process() gets them with what has happened. */
enum { INTERRUPTS_FDS = 4 };
typedef struct Meanwhile {
        void (*fill)(void *userdata, struct pollfd fds[static INTERRUPTS_FDS]);
        void (*process)(void *userdata, const struct pollfd fds[static INTERRUPTS_FDS]);
        void *userdata;
} Meanwhile;

/* NULL: nothing any more. */
void interrupts_meanwhile(const Meanwhile *what);

/* In a child, which has no part in it. The child closes the fds of its parent. */
void interrupts_forget(void);

/* Waits for events of poll(2). msec -1: for ever; fd -1: for nothing else. Returns 1, 0 after msec, -EINTR if a signal
 * has come, or -errno. */
int interrupts_await(int fd, short events, int msec);

/* The same for the end of a process that was killed. That end comes at once, unless the kernel holds the process. So a
 * signal ends the wait only after a second: a second signal must not keep a command from removing what it has made. */
int interrupts_await_end(int fd, short events, int msec);

/* Waits for the end of a child. Returns 0, -EINTR if a signal has come, or -errno. */
int interrupts_reap(pid_t pid, int *ret_status);

/* Kills a child, and waits for its end. A process may be where no signal ends it: then a signal to this one ends the
 * wait. */
void interrupts_kill(pid_t pid);

/* For functions that wait by themselves. A signal is reported. */
Patience interrupts_patience(Report *report);
