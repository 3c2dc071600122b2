/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stops instances in pools. systemd knows only the pool, so isoctl itself does what systemd does for a unit. */

#include "cmd/instance/instance.h"

typedef struct PooledStop {
        int isorun, inside; /* pidfds */
        char *name;
} PooledStop;

typedef struct PooledStops {
        PooledStop *items;
        size_t n;
} PooledStops;

void pooled_stops_deinit(PooledStops *stops);

/* Sends SIGTERM to the isorun of an instance in a pool, which passes it on. Returns 0 or -errno, reported. */
int pooled_stop(PooledStops *stops, const Instance *instance, Report *report);

/* Waits until the instances have ended. One that takes longer than systemd waits by default is killed. Returns 0 or
 * -errno, reported. */
int pooled_wait(const PooledStops *stops, Report *report);
