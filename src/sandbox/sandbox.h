/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* How an instance ended. */
typedef struct Outcome {
        bool started;    /* the payload's execve(2) has succeeded, and its end is known */
        int wait_status; /* as of waitpid(2), where it started */
        int exit_status; /* PLAN_*, where it did not */
} Outcome;

/* Carries the plan out, and waits until the instance has ended. Signals that isorun hands on are blocked meanwhile,
 * and unblocked when this returns. Returns 0 with *ret filled; -EEXIST, unreported, where there is a unit of the
 * plan's name; or another negative errno, reported, with ret->exit_status set. When it returns nothing is left of
 * the instance. */
int sandbox_run(const Plan *plan, Report *report, Outcome *ret);
