/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The running instances, which isoctl finds in the cgroup tree. */

#include <stdint.h>
#include <sys/types.h>

#include "plan/host.h"

/* What an instance uses, as its cgroup says. */
typedef struct InstanceUsage {
        uint64_t memory;   /* in bytes */
        uint64_t tasks;
        uint64_t cpu_usec; /* in µs, since the start */
        bool has_memory, has_tasks, has_cpu;
} InstanceUsage;

typedef struct Instance {
        char *cgroup;   /* "/…", from the root of the hierarchy */
        char *name;
        char *unit;     /* its systemd unit; NULL: none, or the instance is only a part of a unit */
        char *pool;     /* the unit of the pool that it is in; NULL: none */
        bool of_user;   /* it belongs to user uid and not to the system: that user's service manager has made its
                           unit, or, for a part of a unit, that user owns the cgroup */
        uid_t uid;
        bool foreign;   /* of_user, and the user is not the caller */
        char *policy;   /* NULL if not known */
        char *command;  /* NULL if not known */
        pid_t pid;      /* of the reaper; 0 if the cgroup has no such process, so that the instance is not verified */
        pid_t isorun;   /* the reaper's parent; 0 if the instance was handed over, or pid is 0 */
        uid_t runner;   /* the user of isorun, if isorun is not 0; if the instance was handed over, the user who has
                           described it, or (uid_t) -1 */
        bool handed_over; /* the reaper is the service's main process */
        pid_t main_pid; /* the main process that the payload has named, if it is in the cgroup; 0: none */
        uint64_t started_usec; /* of CLOCK_REALTIME; 0 if not known */
        bool frozen;
        bool own;       /* the cgroup, and so its attributes, belong to root or to the caller */
        bool nested;    /* inside another instance, whose payload wrote all data about this one */
        size_t parent;  /* if nested: the index of that instance */
        ino_t inode;    /* of the cgroup's directory, which is the cgroup's id */
        bool measured;  /* instances_walk() has filled in usage */
        InstanceUsage usage;
} Instance;

typedef struct InstanceList {
        char *root; /* the mount point of the hierarchy */
        Instance *items; /* a nested instance comes after the one that it is in */
        size_t n;
} InstanceList;

/* Whether isorun, or after a hand-over the reaper, is the main process of the instance's service. A process of any
 * other service may also run isorun, and does not make an instance of that service. */
typedef bool (*InstanceProof)(const Instance *instance, void *userdata);

/* Looks at every cgroup, and keeps the instances that --user or --system wants (arg_whose). Returns 0 or -errno,
 * reported. With measure, for a table, fills in usage, and believes what root has written (described.h). Call
 * instances_deinit() in either case. find.h has the usual proof. */
int instances_walk(InstanceList *ret, InstanceProof proof, void *userdata, bool measure, Report *report);
void instances_deinit(InstanceList *list);

/* Sets unit, of_user and uid from the path cgroup. Returns 0 or -ENOMEM. */
int instance_find_unit(Instance *instance);

/* Whether the instance belongs to the caller: for root to the system, for a user to that user. */
bool instance_is_own(const Instance *instance);

/* Whether the instance belongs to another user. Then it counts only if that user is named, because the user has chosen
 * its name. Instances of the system are nobody's. */
bool instance_is_foreign(const Instance *instance);

/* The state in a word. */
const char *instance_state(const Instance *instance);

/* The name that means this instance: "NAME" or, if it is foreign, "USER/NAME". The caller frees it. Returns NULL if
 * memory runs out. */
char *instance_full_name(const Instance *instance);

/* The name, or else the number, of the user that isorun runs as, which may act on the instance. The caller frees it.
 * NULL if it is not known, or if memory runs out. */
char *instance_runner_name(const Instance *instance);

/* The same for each instance of a list, one after another. *before, the one before, and *name, its runner, are NULL at
 * first. Replaces both; the caller frees *name at last. Returns 0 or -ENOMEM. */
int instance_next_runner(const Instance *instance, const Instance **before, char **name);

/* Whether instances_keep() is to keep the instance. */
typedef bool (*InstanceFilter)(const Instance *instance, const void *userdata);

/* Drops the instances that are not wanted, and those nested in them. */
void instances_keep(InstanceList *list, InstanceFilter wanted, const void *userdata);

/* Reads an attribute that isorun may have written (CGROUP_ATTRIBUTE), which is on the heap. NULL if it is not there. */
char *instance_attribute(int cgroup, const char *name);

/* The same, and NULL if another user or the payload can have written it. cgroup may be negative. */
char *instance_attribute_trusted(const Instance *instance, int cgroup, const char *name);

/* Opens the instance's cgroup. Returns the fd, which the caller closes, or -errno. */
int instance_open(const InstanceList *list, const Instance *instance);

/* Reads what a cgroup uses, by an fd of its directory. What the kernel does not count there is missing. */
InstanceUsage instance_measure(int cgroup);
