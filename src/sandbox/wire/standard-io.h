/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"
#include "util/patience.h"

/* Checks that a process inside may get the fd. Returns 0, -EISDIR if it is a directory or opened with O_PATH
 * (STANDARD_IO_OUTSIDE is the message for that), or -errno if it is not open. */
int standard_io_check(int fd);

/* The inherited fds among the first three that are regular files for reading, by a bit for each. */
typedef unsigned ReadFiles;

#define STANDARD_IO_OUTSIDE \
        "fd %d is a directory or was opened with O_PATH: the command could reach files outside through it"

/* Outside: checks that no inherited fd is a directory, and opens the files on the host that the plan names for standard
 * input, output and error. For the journal, opens its socket with O_PATH, because its path does not exist after
 * pivot_root(2). An entry of ret is -1 if the fd is inherited; the caller closes the others. Returns 0 or -errno,
 * reported; nothing is open then. */
int standard_io_open(const Plan *plan, Patience *patience, int ret[static 3], ReadFiles *ret_read, Report *report);

/* Inside, when the process is in its unit: connects to the journal, and puts the connections into fds in place of the
 * O_PATH fds. journald reads the unit's name from the process that connects. Returns 0, or a negative errno kept in
 * f. */
int standard_io_connect(const Plan *plan, int fds[static 3], Failure *f);
