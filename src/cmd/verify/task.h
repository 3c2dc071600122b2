/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The threads of an instance, as /proc shows them: proc_pid_status(5), namespaces(7). Nothing here opens a file of the
 * payload, or waits for it. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/instance/instance.h"

enum { TASK_IDS = 4, TASK_NAMESPACES = 8 };

/* In the order of /proc/PID/status. */
enum { TASK_INHERITABLE, TASK_PERMITTED, TASK_EFFECTIVE, TASK_BOUNDING, TASK_AMBIENT, TASK_SETS };

typedef struct Task {
        pid_t pid, tid;
        uint64_t started;        /* as process_life() */
        char name[64];           /* any bytes */
        bool reaper;
        bool child;              /* of the reaper */
        bool being_made;         /* isorun has forked it for a request, and it has not executed its command yet */
        bool session;            /* a child of the reaper that leads a session, as processes for requests do */
        bool outside;            /* not in the instance's cgroup */
        uint32_t uids[TASK_IDS], gids[TASK_IDS]; /* as this process sees them; so are the groups and maps */
        char *groups;            /* numbers with spaces */
        uint64_t sets[TASK_SETS];
        unsigned no_new_privs, seccomp, filters;
        char *limits;            /* its resource limits: /proc/PID/limits */
        ino_t namespaces[TASK_NAMESPACES]; /* in the order of namespace_types; 0: not readable */
        char *uid_map, *gid_map; /* /proc/PID/uid_map; NULL: not readable */
} Task;

typedef struct Tasks {
        Task *items;
        size_t n;
        size_t n_strangers; /* processes of the unit that are not inside */
        size_t n_unread;    /* threads whose status could not be read, though they have not ended */
        bool too_many;      /* not all were looked at */
} Tasks;

/* Finds all threads of the processes that descend from the instance's reaper or are in its cgroup. in_service: the
 * cgroup is a service's, where processes of systemd may be as well. Returns 0 or -errno. */
int tasks_find(const Instance *instance, bool in_service, Tasks *ret);
void tasks_deinit(Tasks *tasks);

/* Whether the thread still lives. Ask this after a look at it has failed. */
bool task_lives(const Task *task);

/* The number of filters of the reaper, which has none of the instance, but those of the sandboxes around it. */
unsigned tasks_outer_filters(const Tasks *tasks);

/* The index of a namespace's name in Task.namespaces, or -1. */
int task_namespace(const char *name);

/* The inode of a namespace of a process, whose directory in /proc dir is; 0 if it is not readable. */
ino_t namespace_inode(int dir, const char *name);
