/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"

/* Sees to it that the service that isorun is the main process of has the plan's properties: a limit that its cgroup
 * holds already is met; another is set on the unit, which is root's or the user's own manager's to allow; what
 * cannot be set on a running unit must be in its file. Where that fails, the error prints the line to add. Returns
 * 0 or -errno, reported. */
int unit_ensure(const Plan *plan, int cgroup_fd, Report *report);

/* The service on the bus of its manager. */
typedef struct UnitBus {
        const BusLibrary *lib;
        sd_bus *bus;
        char *path;
} UnitBus;

/* Connects. Returns 0 or -errno, reported. */
int unit_bus_open(UnitBus *u, const Plan *plan, Report *report);
void unit_bus_deinit(UnitBus *u);

/* A property of the service, which is asked for some seconds at most: a text on the heap, or a number that is a "b", "i"
 * or "u" on the bus. Return 0 or -errno. */
int unit_bus_get_text(const UnitBus *u, const char *property, char **ret);
int unit_bus_get_number(const UnitBus *u, const char *property, char type, int64_t *ret);
