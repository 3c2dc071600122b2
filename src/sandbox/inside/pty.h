/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The instance's own terminal, from inside: pty(7). The reaper leads the session and has it as the controlling
 * terminal; the payload is a process group in it, in the foreground while isorun is in the caller's. So what is typed
 * (^C, ^\, ^Z) acts on the payload as it does on a job of a shell. */

#include "sandbox/inside/inside.h"
#include "sandbox/wire/failure.h"

/* Makes a terminal in the /dev/pts that this process sees. Returns 0, or -errno kept in f. */
int pty_open(int *ret_master, int *ret_terminal, Failure *f);

/* In the first process, that has all capabilities still: makes a session with a terminal that looks like the caller's,
 * sends the other end to isorun, and puts it in place of those of fds 0 to 2 that the plan names. Returns 0, or -errno
 * kept in f. */
int pty_begin(Inside *inside, int *ret_terminal, Failure *f);

/* In the payload, before execve(2): makes it a process group, the terminal's if isorun is in the foreground of the
 * caller's. terminal -1: does nothing. Returns 0, or -errno kept in f. */
int pty_lead_group(int terminal, bool foreground, Failure *f);

/* In the reaper: continues the payload, which was stopped or not; foreground: what is typed is for it. */
void pty_continue(int terminal, pid_t payload, bool stopped, bool foreground);
