/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"

/* Outside: makes sure that the service whose main process isorun is has the plan's properties. A limit that the
 * service's cgroup already enforces is met. Other limits are set on the unit, if root or the user's own manager allows
 * that. Properties that cannot be set on a running unit must be in its file. If one is missing, the error prints the
 * line to add to the unit file. Returns 0 or -errno, reported; -EINTR if a signal has ended the wait for systemd. */
int service_ensure(const Plan *plan, int cgroup_fd, Patience *patience);

/* The service on its manager's bus. */
typedef struct ServiceBus {
        Bus bus;
        char *path;
        int error; /* -errno: why the manager cannot be asked; the functions below return it */
} ServiceBus;

/* Connects to the bus, and checks that the manager there has this process in the service. Returns 0 (also if the
 * manager does not answer) or -errno, reported. Call service_bus_deinit() in either case. */
int service_bus_open(ServiceBus *u, const Plan *plan, Patience *patience, Report *report);
void service_bus_deinit(ServiceBus *u);

/* Read a property of the service, and wait up to 5 seconds for it. The text is the caller's to free. The number has
 * type "b", "i" or "u" on the bus. Return 0 or -errno. */
int service_bus_get_text(const ServiceBus *u, const char *property, char **ret);
int service_bus_get_number(const ServiceBus *u, const char *property, char type, int64_t *ret);
