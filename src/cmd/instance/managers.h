/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The service managers that own the units of instances. */

#include "cmd/instance/instance.h"
#include "cmd/instance/manager.h"

typedef struct Managers {
        Manager **items; /* each is opened when it is first needed */
        size_t n;
} Managers;

void managers_deinit(Managers *managers);

/* Returns the manager of the instance's unit, borrowed. Returns NULL, reported, if the manager cannot be used, or if
 * the instance is not a unit. */
Manager *managers_get(Managers *managers, const Instance *instance, Report *report);

/* Asks the manager whether isorun, or after a hand-over the reaper, is the main process of the instance's service.
 * Returns 1, 0, or -errno, reported. */
int managers_prove(Managers *managers, const Instance *instance, Report *report);
