/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What holds a running instance: a scope, isorun's own unit, a cgroup of our making, or nothing. */

#include "plan/plan.h"
#include "sandbox/systemd/scope.h"

typedef struct Holder {
        const Plan *plan;
        Report *report;
        pid_t pid;           /* the process inside */
        Scope *scope;
        char *made;          /* HOLDER_CGROUP: the directory to remove in the end */
        bool taken;          /* HOLDER_CGROUP: there is one of that name */
        int cgroup_fd;       /* -1: none */
        int memory_events;   /* memory.events, kept open; -1: none */
        uint64_t oom_kills;  /* of it, when last read */
        int own_events[2];   /* with Delegate=: what happened at our own limits alone; -1: none */
        uint64_t ooms;
} Holder;

/* Begins to put the process inside where it belongs; for a scope, the request is then on its way. Returns 0 or
 * -errno, reported. */
int holder_begin(Holder *h, const Plan *plan, pid_t pid, Patience *patience, Report *report);

/* For poll(2) while holder_process() returns 0; -1 where there is nothing to wait for. */
int holder_fd(const Holder *h);
short holder_events(const Holder *h);

/* Returns 1 once the process is in its cgroup, 0 before, or -errno, reported. */
int holder_process(Holder *h);

/* Reads back from the kernel that the process is where it should be and that each limit holds; what does not is an
 * error, or a notice where Optional= says so. Then writes down on the cgroup what the instance is. Returns 0 or
 * -errno, reported. */
int holder_verify(Holder *h);

/* Whether the kernel has killed a process of the instance for memory since the last call. */
bool holder_oom_killed(Holder *h);

/* Writes something down on the cgroup for isoctl, if that can be. */
void holder_describe(const Holder *h, const char *attribute, const char *value);

/* Makes systemd give up on what it still does for the unit; holder_process() then ends. */
void holder_cancel(Holder *h);

/* Whether the unit could not be had since there is one of its name. */
bool holder_name_taken(const Holder *h);

/* Ends everything that was begun, when the process inside is gone or is to go. */
void holder_abort(Holder *h);
void holder_deinit(Holder *h);
