/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"

/* Sees to it that the service that isorun is the main process of has the plan's properties: a limit that its cgroup
 * holds already is met; another is set on the unit, which is root's or the user's own manager's to allow; what
 * cannot be set on a running unit must be in its file. Where that fails, the error prints the line to add. Returns
 * 0 or -errno, reported. */
int service_ensure(const Plan *plan, int cgroup_fd, Report *report);

/* The service on the bus of its manager. */
typedef struct ServiceBus {
        const BusLibrary *lib;
        sd_bus *bus;
        char *path;
} ServiceBus;

/* Connects. Returns 0 or -errno, reported. */
int service_bus_open(ServiceBus *u, const Plan *plan, Report *report);
void service_bus_deinit(ServiceBus *u);

/* A property of the service, which is asked for some seconds at most: a text on the heap, or a number that is a "b", "i"
 * or "u" on the bus. Return 0 or -errno. */
int service_bus_get_text(const ServiceBus *u, const char *property, char **ret);
int service_bus_get_number(const ServiceBus *u, const char *property, char type, int64_t *ret);
