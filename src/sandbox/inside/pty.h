/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The instance's own session, and its terminal, seen from inside: setsid(2), pty(7). The reaper is the session leader.
 * The terminal is its controlling terminal; without one, nothing inside can open /dev/tty. The payload is a process
 * group in this session. It is in the foreground while isorun is in the foreground of the caller's terminal, so that
 * ^C, ^\ and ^Z act on the payload as on a job of a shell. If the caller's job may have other readers of the terminal,
 * the payload is in the background until it reads: SIGTTIN then stops it, and isorun sees that. */

#include "sandbox/inside/inside.h"
#include "sandbox/wire/failure.h"

/* Makes a terminal in the /dev/pts of this process. The caller closes both fds. Returns 0, or a negative errno kept in
 * f. */
int pty_open(int *ret_master, int *ret_terminal, Failure *f);

/* In the first process, while it has all capabilities: makes the session. If the plan has terminals, makes one with the
 * size and settings of the caller's, sends the master to isorun, and connects to it those of fds 0 to 2 that the plan
 * names. Returns 0, or a negative errno kept in f. */
int pty_begin_session(Inside *inside, int *ret_terminal, Failure *f);

/* In the payload, before execve(2): makes it a process group, and puts that in the foreground of the terminal if it is
 * to have it from the beginning. Returns 0, or a negative errno kept in f. */
int pty_lead_group(const Inside *inside, int terminal, Failure *f);

/* In the reaper: sends SIGCONT to the payload. terminal: the instance's own, or -1; stopped: whether the payload was
 * stopped; foreground: whether it gets the terminal's foreground. */
void pty_continue(int terminal, pid_t payload, bool stopped, bool foreground);
