/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The holder of a running instance's limits: a scope, isorun's own service, a cgroup that isorun makes, or nothing.
 * Everything here runs outside. */

#include <linux/sched.h>

#include "plan/plan.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/outside/outcome.h"
#include "sandbox/systemd/scope.h"

typedef struct Holder {
        const Plan *plan;
        Report *report;
        Patience *patience;
        pid_t pid;           /* the first process inside */
        Scope *scope;
        char *made;          /* if holder_is_own(): the directory to remove at the end */
        bool taken;          /* the same: a cgroup of that name exists */
        bool born;           /* the first process inside was made in its cgroup */
        int cgroup_fd;       /* -1: none */
        int memory_events;   /* memory.events, kept open; -1: none */
        uint64_t oom_kills;  /* its counter, when it was last read */
        int task_events;     /* pids.events, kept open if TasksMax= limits the instance; -1: none */
        uint64_t tasks_refused; /* its counter at the start */
        int places[CGROUP_PLACES]; /* from cgroup_move_inside(); -1: none */
        int own_events[2];   /* with Delegate=: events at the instance's own limits; -1: none */
        uint64_t ooms;
} Holder;

/* Before the first process inside is made: where isorun owns the cgroup, makes it, with the limits in it. patience is
 * borrowed until holder_deinit(). Returns 0 or -errno, reported, except -EEXIST if holder_name_taken(). */
int holder_prepare(Holder *h, const Plan *plan, Patience *patience, Report *report);

/* Calls clone3(2) for the first process inside, in the cgroup of holder_prepare() if there is one. Returns as clone3(2)
 * does; ENODEV: that cgroup is gone, because its pool has just ended. */
pid_t holder_clone(Holder *h, struct clone_args *args);

/* Begins to move the process inside to its cgroup, unless it was made there. For a scope, this sends the request to
 * systemd over bus, which is borrowed until holder_deinit(). Returns 0 or -errno, reported, except -EEXIST if
 * holder_name_taken(). */
int holder_begin(Holder *h, pid_t pid, const Bus *bus);

/* The fd and events to poll(2) for while holder_process() returns 0; the fd is -1 if there is nothing to wait for. */
int holder_fd(const Holder *h);
short holder_events(const Holder *h);

/* Returns 1 if the process is in its cgroup, 0 if not yet, or -errno, reported as by scope_process(). */
int holder_process(Holder *h);

/* Checks in the kernel's files that the process is in its cgroup and that each limit is enforced. A limit that is not
 * enforced is an error, or a notice if Optional= names it. Then moves the process to the place of its cgroup namespace,
 * and describes the instance in the cgroup's attributes. Returns 0 or -errno, reported. */
int holder_verify(Holder *h, Patience *patience);

/* Whether the kernel has killed a process of the instance for lack of memory since the last call. */
bool holder_oom_killed(Holder *h);

/* How often the kernel has refused to make a process or thread of the instance because of TasksMax=. */
uint64_t holder_tasks_refused(const Holder *h);

/* Reads from the cgroup what the instance has used so far. Leaves a number as it is if the cgroup does not have it. */
void holder_measure(const Holder *h, Usage *usage);

/* Sets an attribute of the cgroup for isoctl (CGROUP_ATTRIBUTE). Ignores errors. */
void holder_describe(const Holder *h, const char *attribute, const char *value);

/* Asks systemd to stop the unit if it is not started yet; holder_process() then ends. */
void holder_cancel(Holder *h);

/* Whether the unit could not be made because one of its name exists. */
bool holder_name_taken(const Holder *h);

/* When the payload has ended, and before the first process inside does: cgroup_end_payload(). */
void holder_end_payload(const Holder *h);

/* When the first process inside has ended before holder_end_payload() was through: removes the cgroup of a scope with
 * Delegate= if systemd has given it up, see cgroup_remove_rest(). */
void holder_remove_rest(const Holder *h, Patience *patience);

void holder_deinit(Holder *h);
