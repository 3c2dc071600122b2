/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Instances as units of the managers that have them. */

#include "cmd/instance/instance.h"
#include "cmd/instance/manager.h"

typedef struct Managers {
        Manager **items; /* each opened when it is first needed */
        size_t n;
} Managers;

void managers_deinit(Managers *managers);

/* The manager that has the instance's unit. Borrowed. NULL, reported, where it cannot be asked, or the instance is no unit. */
Manager *managers_get(Managers *managers, const Instance *instance, Report *report);

/* What is done to each instance named on a command line. Returns 0 or -errno, reported. */
typedef int (*InstanceAction)(Manager *manager, const Instance *instance, void *userdata, Report *report);

/* Does it to all that names mean, going on after a failure; then waits for the jobs that it has begun, if wait is set.
 * Returns an exit status. */
int act_on_instances(char *const *names, InstanceAction action, void *userdata, bool wait, Report *report);
