/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bounds on the things that the kernel counts for the caller's user, over all namespaces. */

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* The resource limits that isorun changes while it makes the first process inside. */
typedef struct Bounds {
        struct rlimit before[RLIM_NLIMITS];
} Bounds;

/* Outside, before clone3(2): lowers isorun's own soft limits to those of the plan. A new user namespace keeps them: the
 * processes in it fail to take more, even if they find a way to raise their own limits. Returns 0, or -errno of
 * getrlimit(2) or setrlimit(2). */
int bounds_lower(const Plan *plan, Bounds *ret);

/* Outside, after clone3(2): gives isorun its limits back. */
void bounds_restore(const Plan *plan, const Bounds *before);

/* Inside: writes the limits of this process's user namespace. proc is an fd of a writable mount of /proc. The process
 * needs CAP_SYS_RESOURCE in the namespace. Returns 0, or a negative errno kept in f. */
int bounds_write(const Plan *plan, int proc, Failure *f);
