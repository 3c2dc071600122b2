/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pools: many instances in one delegated scope. (pool-below.h has those in a delegated service.)
 *
 *     isorun_pool-NAME.scope   the unit, for systemctl; made by the first start
 *       keeper                 one process, the keeper
 *       instances              with the attribute "pool" once it can be used
 *         isorun-web-4f2a.scope    an instance with its limits; no unit
 *
 * The first isorun that finds no pool forks the keeper. The keeper asks systemd for the scope, with itself in it, makes
 * the cgroups, and enables the controllers; it has to leave the scope's own cgroup for that. From then on, a start is
 * mkdir(2) in "instances", the limits, and clone3(2) into it. systemd is not asked.
 *
 * When the last instance has ended, systemd must not find the scope empty while another start is on its way into it: it
 * would give up the scope, with the new instance in it. So the scope is never empty as long as the keeper runs, and the
 * keeper ends only after it has removed "instances". This decides every race: rmdir(2) fails if a start has made its
 * cgroup there, even if no process is in it yet; and mkdir(2) fails with ENOENT after it. Then the start makes the pool
 * again. The keeper of a new pool waits until the isorun that has forked it has made its cgroup. A batch has no
 * instance between two lines, so the keeper of its pool waits until the batch has ended.
 *
 * If systemd stops the pool, the keeper gets SIGTERM. It lets no further cgroup be made (EAGAIN), so starts wait until
 * the instances have ended. If the keeper is killed, no start uses the pool, until its instances have ended.
 *
 * A pool belongs to the manager's user. isorun uses "instances" only if that belongs to its own user. */

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"
#include "util/patience.h"

/* Opens the place of the pool's instances, and makes the pool if it does not exist. *ret_hold is an fd; if the pool is
 * new, it does not end before this is closed. Returns the fd or -errno, reported. */
int pool_open(const Plan *plan, int *ret_hold, Patience *patience, Report *report);

/* Asks systemd to move the process that has connected the bus to the instance's cgroup. Returns 0 or -errno,
 * reported. */
int pool_attach(const Plan *plan, const Bus *bus, Report *report);
