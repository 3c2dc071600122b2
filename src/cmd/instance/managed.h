/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Acts on instances through the service managers that own their units, or in pools through their cgroups. */

#include "cmd/instance/instance.h"
#include "cmd/instance/manager.h"

/* An action on one instance. Returns 0 or -errno, reported. */
typedef int (*InstanceAction)(Manager *manager, const Instance *instance, void *userdata, Report *report);

/* The same for an instance in a pool, whose cgroup is open: pooled.h. */
typedef int (*PooledAction)(int cgroup, const Instance *instance, void *userdata, Report *report);

/* Does the action on all instances that names match, or pooled on those in pools, and goes on after a failure. Then, if
 * wait is set, waits for the jobs that the action has begun. Returns an exit status. */
int act_on_instances(char *const *names, InstanceAction action, PooledAction pooled, void *userdata, bool wait,
                     Report *report);
