/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The cgroups below the one that holds the limits: those of a payload that may have its own, or could make them.
 *
 *     isorun-web.scope    the limits
 *       isorun            with Delegate=, in a service: isorun, which is its main process
 *       inside            where the payload's cgroup namespace begins
 *         payload         with Delegate=: the payload, out of the way of what is made beside it
 *         isorun-x.scope  an instance inside, and so on
 *
 * What belongs to the same user could be written by the payload if it came to see it: at the root of a cgroup
 * namespace "nsdelegate" shuts the limits, but only until the payload makes a namespace further down and opens them
 * through a mount that it has kept. So the namespace begins below them. */

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* What an instance is stands in extended attributes of its cgroup, for isoctl: the texts "name", "policy" and
 * "command", of CGROUP_ATTRIBUTE_MAX bytes at most, the number "pid" of the process inside, and "started", in
 * microseconds of CLOCK_REALTIME. Later there may be "mainpid", what the command has named as its main process, and
 * "handed-over", 1 where there is no isorun any more. */
#define CGROUP_ATTRIBUTE(name) "user.isorun." name
enum { CGROUP_ATTRIBUTE_MAX = 4096 };

/* Moves the process inside, which is in the cgroup, to where its namespace is to begin. Returns 0 or -errno,
 * reported. */
int cgroup_move_inside(const Plan *plan, int cgroup_fd, pid_t pid, Report *report);

/* In the process inside, at the end, when its part of the tree is mounted: goes to a leaf, and gives the payload what
 * is delegated. Returns 0, or a negative errno kept in f. */
int cgroup_settle(const Plan *plan, Failure *f);

/* Switches on, for the children of dir, the controllers that the plan's limits need, or all that it delegates.
 * Whether that worked shows when limits are written. */
void cgroup_enable(const Plan *plan, int dir_fd);

/* Removes a cgroup of our making with all that the payload made in it, once the last process is gone from it: waits
 * for a second at most. */
void cgroup_remove(const char *path);

/* Removes what instances have left in dir whose isorun was killed. */
void cgroup_sweep(const char *dir);
