/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of isoctl verify. Each compares some promises with what the kernel or systemd shows, and adds a finding for
 * each. If memory runs out, findings.oom is set. */

#include "cmd/instance/managers.h"
#include "cmd/verify/finding.h"
#include "cmd/verify/promise.h"
#include "cmd/verify/task.h"

typedef struct Verification {
        const InstanceList *list;
        const Instance *instance;
        const Promises *promises;
        Tasks tasks;
        Findings findings;
        bool read_filters; /* attach to the processes to read their filters */
} Verification;

void verify_identity(Verification *v); /* of each thread: ids, capabilities, filter, namespaces, cgroup */
void verify_root(Verification *v);     /* mounts */
void verify_limits(Verification *v, Managers *managers); /* of the cgroup, in systemd, and of the processes */
void verify_filter_bytes(Verification *v, const Promise *promise);
void verify_reaper(Verification *v);   /* its open files */

/* Compares a promise with one thread. why is for the reason if the promise does not hold. Returns a verdict. */
enum { WHY_MAX = 256 };
typedef Verdict (*TaskCheck)(const Verification *v, const Promise *promise, const Task *task, char why[static WHY_MAX]);

/* Adds a finding that all threads of the instance keep a promise, or that one of them does not. */
void verify_tasks(Verification *v, const Promise *promise, const char *part, TaskCheck check);

/* Whether the payload may make namespaces of a kind. */
bool verify_may_make(const Verification *v, const char *type);
