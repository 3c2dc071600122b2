/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Acts on instances in pools. systemd knows only the pool, so isoctl itself does with the instance's cgroup what
 * systemd does for a unit. */

#include "cmd/instance/instance.h"

typedef struct PooledStop {
        int isorun, inside; /* pidfds */
        int cgroup;
        char *name;
} PooledStop;

typedef struct PooledStops {
        PooledStop *items;
        size_t n;
} PooledStops;

void pooled_stops_deinit(PooledStops *stops);

/* Opens the cgroup of an instance in a pool, if it is the caller's, or the caller is root, and the instance is still in
 * it. Returns the fd or -errno, reported. */
int pooled_open(const InstanceList *list, const Instance *instance, Report *report);

/* Asks the reaper of an instance in a pool to have its isorun send SIGTERM to the payload, and thaws the instance. An
 * instance that has ended meanwhile is no error; no other one gets the signal. Returns 0 or -errno, reported. */
int pooled_stop(PooledStops *stops, int cgroup, const Instance *instance, Report *report);

/* Freezes or thaws the instance, and waits until the kernel has done so. Returns 0 or -errno, reported. */
int pooled_freeze(int cgroup, const Instance *instance, bool freeze, Report *report);

/* Sends a signal to all processes of the instance. Returns 0 or -errno, reported. */
int pooled_kill(int cgroup, const Instance *instance, int signal, Report *report);

/* Waits until the instances have ended. One that takes longer than systemd waits by default is killed. Returns 0 or
 * -errno, reported. */
int pooled_wait(const PooledStops *stops, Report *report);
