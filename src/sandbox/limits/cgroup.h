/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The cgroups below the one that holds the limits. They exist if the payload gets a part of the cgroup tree
 * (Delegate=), or if it may mount, and so could mount the tree itself.
 *
 *     isorun-web.scope    the limits
 *       isorun            with Delegate=, if the unit is a service: isorun, its main process
 *       inside            the root of the payload's cgroup namespace
 *         payload         with Delegate=: the payload; its own cgroups are made beside this one
 *         isorun-x.scope  an instance inside this instance, and so on
 *
 * The namespace begins below the limits because the cgroups often belong to the payload's user. With "nsdelegate", the
 * kernel protects the files at the root of a cgroup namespace. But the payload can make another namespace further down,
 * and then write the limits through a mount that it made before. */

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* isorun describes an instance in extended attributes of its cgroup, for isoctl. "name", "policy" and "command" are
 * texts of at most CGROUP_ATTRIBUTE_MAX bytes. "pid" is the number of the first process inside, and "started" is in
 * microseconds of CLOCK_REALTIME. Two may follow later: "mainpid" is the process that the payload has named as its main
 * process, and "handed-over" is 1 if isorun has left the instance to the reaper. */
#define CGROUP_ATTRIBUTE(name) "user.isorun." name
enum { CGROUP_ATTRIBUTE_MAX = 4096 };

/* Outside: moves the first process inside from the cgroup to its "inside", where the cgroup namespace begins. Returns 0
 * or -errno, reported. */
int cgroup_move_inside(const Plan *plan, int cgroup_fd, pid_t pid, Report *report);

/* Inside, after the cgroup tree is mounted: moves this process to "payload", and gives the payload's user what is
 * delegated. Does nothing if the plan mounts no cgroup tree. Returns 0, or a negative errno kept in f. */
int cgroup_settle(const Plan *plan, Failure *f);

/* Outside: enables the controllers that the plan's limits need, or all that it delegates, for the children of dir.
 * Ignores errors: without its controller, a limit cannot be written. */
void cgroup_enable(const Plan *plan, int dir_fd);

/* Outside: removes a cgroup that isorun made, and the cgroups that the payload made in it. Waits up to a second for the
 * last process to be gone. */
void cgroup_remove(const char *path);

/* Outside: removes the cgroups in dir of instances that have ended but whose isorun was killed. */
void cgroup_sweep(const char *dir);
