/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Acts on instances through the service managers that own their units. */

#include "cmd/instance/instance.h"
#include "cmd/instance/manager.h"

/* An action on one instance. Returns 0 or -errno, reported. */
typedef int (*InstanceAction)(Manager *manager, const Instance *instance, void *userdata, Report *report);

/* Does the action on all instances that names match, and goes on after a failure. Then, if wait is set, waits for the
 * jobs that the action has begun. Returns an exit status. */
int act_on_instances(char *const *names, InstanceAction action, void *userdata, bool wait, Report *report);

/* The same, also for instances in pools: for these, the action gets no manager. act_on_instances() refuses them. */
int act_on_instances_and_pooled(char *const *names, InstanceAction action, void *userdata, bool wait, Report *report);
