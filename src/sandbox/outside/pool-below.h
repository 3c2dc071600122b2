/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A pool in a service with Delegate=yes or, without systemd, in another delegated cgroup:
 *
 *     runner.service                the unit, or the delegated cgroup
 *       callers                     the processes that were in it
 *       isorun_pool-NAME            with the attribute "pool" once it can be used
 *         isorun-web-4f2a.scope     an instance with its limits; no unit
 *
 * The service lives as long as its own processes, so no keeper is needed: a start makes the pool if it is missing, and
 * the end of an instance removes it. This decides every race: rmdir(2) fails if a start has made its cgroup in the
 * pool, even if no process is in it yet; and mkdir(2) in a pool that is removed fails with ENOENT, and the start makes
 * the pool again. Many starts may make the same pool at once, because each step has the same result a second time.
 *
 * The kernel gives controllers to children of a cgroup only if that has no processes itself (cgroup-v2.rst, "No
 * Internal Process Constraint"). systemd 254 has DelegateSubgroup= for that. Without it, the first start moves the
 * processes of the service to "callers", if a controller must be enabled. */

#include "plan/plan.h"
#include "util/report.h"

/* Opens the pool, and makes it if it does not exist. Returns the fd or -errno, reported unless the pool has just been
 * removed (-ENOENT, -ENODEV). -ESTALE: what it is in is gone, too. */
int pool_below_open(const Plan *plan, Report *report);

/* When an instance has ended: removes the pool if it has no other. Does nothing for a pool that is a scope. */
void pool_below_leave(const Plan *plan);
