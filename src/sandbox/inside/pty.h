/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The instance's own terminal, seen from inside: pty(7). The reaper is the session leader, and the terminal is its
 * controlling terminal. The payload is a process group in this session. It is in the foreground while isorun is in the
 * foreground of the caller's terminal, so that ^C, ^\ and ^Z act on the payload as on a job of a shell. */

#include "sandbox/inside/inside.h"
#include "sandbox/wire/failure.h"

/* Makes a terminal in the /dev/pts of this process. The caller closes both fds. Returns 0, or a negative errno kept in
 * f. */
int pty_open(int *ret_master, int *ret_terminal, Failure *f);

/* In the first process, while it has all capabilities: makes a session with a terminal, which gets the size and
 * settings of the caller's. Sends the master to isorun, and connects those of fds 0 to 2 to the terminal that the plan
 * names. Returns 0, or a negative errno kept in f. */
int pty_begin(Inside *inside, int *ret_terminal, Failure *f);

/* In the payload, before execve(2): makes it a process group, and puts that in the foreground of the terminal if isorun
 * is in the foreground of the caller's. Does nothing if terminal is -1. Returns 0, or a negative errno kept in f. */
int pty_lead_group(int terminal, bool foreground, Failure *f);

/* In the reaper: sends SIGCONT to the payload. stopped: whether it was stopped; foreground: whether it gets the
 * terminal's foreground. */
void pty_continue(int terminal, pid_t payload, bool stopped, bool foreground);
