/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The running instances, found in the cgroup tree. */

#include <stdint.h>
#include <sys/types.h>

#include "plan/host.h"

typedef struct Instance {
        char *cgroup;   /* "/…" below the root of the hierarchy */
        char *name;
        char *unit;     /* of systemd's; NULL: none, or one that it shares with others */
        bool of_user;   /* the unit is that user's manager's, and not the system's */
        uid_t uid;
        char *policy;   /* NULL: not known */
        char *command;  /* likewise */
        pid_t pid;      /* of the reaper; 0: there is none that is really in the cgroup */
        pid_t isorun;   /* its parent; 0: the instance was handed over to systemd, or there is none */
        bool handed_over; /* the reaper is its service's main process */
        pid_t main_pid; /* that the command has named as its main process, if it is in the cgroup; 0: none */
        uint64_t started_usec; /* of CLOCK_REALTIME; 0: not known */
        bool frozen;
        bool own;       /* its cgroup, and so what it says, is the caller's or root's */
        bool nested;    /* below another instance: all that is told of it is that one's payload's word */
        size_t parent;  /* then its place in the list */
} Instance;

typedef struct InstanceList {
        char *root; /* where the hierarchy is mounted */
        Instance *items; /* each after the one that it is nested in */
        size_t n;
} InstanceList;

/* Looks at every cgroup, and keeps those that --user or --system wants. Returns 0 or -errno, reported. */
int instances_find(InstanceList *ret, Report *report);
void instances_deinit(InstanceList *list);

/* Fills unit, of_user and uid by what cgroup says. Returns 0 or -ENOMEM. */
int instance_find_unit(Instance *instance);

/* Whether it is one of the caller's own manager's: the system's for root, for a user his own. */
bool instance_is_own(const Instance *instance);

/* Whether a caller of instances_keep() wants the instance. */
typedef bool (*InstanceFilter)(const Instance *instance, const void *userdata);

/* Drops the instances that are not wanted, and what is nested in these. */
void instances_keep(InstanceList *list, InstanceFilter wanted, const void *userdata);

/* Opens the cgroup. Returns the fd or -errno. */
int instance_open(const InstanceList *list, const Instance *instance);

/* A number of a cgroup's file, of the line that begins with key if that is not NULL. Returns 0 or -errno; -ENODATA for
 * "max". */
int instance_number(int cgroup, const char *file, const char *key, uint64_t *ret);
