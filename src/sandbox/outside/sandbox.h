/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* How an instance ended. */
typedef struct Outcome {
        bool executed;   /* the payload's execve(2) has succeeded, */
        bool started;    /* and its end is known */
        int wait_status; /* as of waitpid(2), where it started */
        int exit_status; /* PLAN_*, or 128+N for a signal that stopped the start, where it did not */
        bool name_taken; /* there is a unit of the plan's name, which is not reported */
} Outcome;

/* Carries the plan out, and waits until the instance has ended. Signals that isorun hands on are blocked meanwhile,
 * and unblocked when this returns. Returns 0, or a negative errno, reported but for ret->name_taken; *ret is filled. When it returns nothing is left of
 * the instance but the unit, which systemd takes away when it sees that it is empty. */
int sandbox_run(const Plan *plan, Report *report, Outcome *ret);
