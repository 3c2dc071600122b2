/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"
#include "util/patience.h"

/* Whether a process may be given the fd. Returns 0, -EISDIR for a directory or a mere place (O_PATH), of which
 * STANDARD_IO_OUTSIDE says why not, or -errno where it is none. */
int standard_io_check(int fd);

#define STANDARD_IO_OUTSIDE "fd %d is a directory or a place, by which the command would reach outside"

/* Sees that none of the fds that are inherited is a directory, and opens what the plan's standard input, output and
 * error name on the host: files, and for the journal its socket as an O_PATH fd, since it is out of sight after
 * pivot_root(2). -1 in ret: inherited. Returns 0 or -errno, reported; nothing is open then. */
int standard_io_open(const Plan *plan, Patience *patience, int ret[static 3], Report *report);

/* Inside, in the instance's unit: turns the journal's socket into a connection, so that journald reads the right
 * unit off it. */
int standard_io_connect(const Plan *plan, int fds[static 3], Failure *f);
