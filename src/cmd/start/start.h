/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs that start something have in common. */

#include "cmd/start/load.h"
#include "plan/plan.h"
#include "plan/request.h"

/* Before all else: has fds 0 to 2 open, so that no file of ours is ever taken for one of them, stops ignoring SIGCHLD, and
 * refuses to be more than its caller. Returns 0, or -EPERM, reported. */
int start_allowed(Report *report);

/* One try to start something: userdata is what start_repeat() was given. Returns an exit status, or -EEXIST where the
 * name is taken and this is not the last try. */
typedef int (*StartTry)(void *userdata, bool last_try, Report *report);

/* Tries until the name is not taken. wait: for a moment before each further try, since the name is the same each time,
 * and may be that of an instance which has ended and is about to be taken away. Returns the exit status. */
int start_repeat(StartTry try, void *userdata, bool wait, Report *report);

/* A start that did not get as far as a plan: tells the journal what was reported first. Returns status. */
int start_refused(const Loaded *loaded, const PlanRequest *request, int status, const Report *report);

/* Carries the plan out, and waits for its end. Returns as a StartTry; where the process is a service, it ends by the
 * signal that the payload ended by. */
int start_plan(const Plan *plan, bool last_try, Report *report);
