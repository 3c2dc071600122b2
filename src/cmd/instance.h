/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The running instances, found in the cgroup tree. */

#include <stdint.h>
#include <sys/types.h>

#include "plan/host.h"

typedef struct Instance {
        char *cgroup;   /* "/…" below the root of the hierarchy */
        char *name;
        char *policy;   /* NULL: not known */
        char *command;  /* likewise */
        pid_t pid;      /* of the reaper; 0: there is none that is really in the cgroup */
        pid_t isorun;   /* its parent */
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

/* Looks at every cgroup. Returns 0 or -errno, reported. */
int instances_find(InstanceList *ret, Report *report);
void instances_deinit(InstanceList *list);

/* The instance of that name, unit or cgroup, the caller's own before those of others, or the only one of his own whose
 * name begins like that; only one that can be acted on. Borrowed. NULL: there is none, which is reported. */
const Instance *instances_pick(const InstanceList *list, const char *name, Report *report);

/* Opens the cgroup. Returns the fd or -errno. */
int instance_open(const InstanceList *list, const Instance *instance);

/* A number of a cgroup's file, of the line that begins with key if that is not NULL. Returns 0 or -errno; -ENODATA for
 * "max". */
int instance_number(int cgroup, const char *file, const char *key, uint64_t *ret);
