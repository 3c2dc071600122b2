/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "util/patience.h"

/* Outside: writes the id maps of the user namespace of process pid, itself or with newuidmap and newgidmap if the plan
 * names them. proc is an fd of a /proc in which the process has the number pid; AT_FDCWD: the one at /proc. The helpers
 * run with no signal blocked, although isorun blocks some. Returns 0 or -errno, reported; -EINTR if a signal has ended
 * the wait for them. */
int id_maps_write(const Plan *plan, int proc, pid_t pid, Patience *patience);

/* Writes the id maps of the inner user namespace, never with helpers. Runs inside, and for idmapped mounts outside.
 * Returns 0 or -errno. */
int id_maps_write_inner(const Plan *plan, int proc, pid_t pid);
