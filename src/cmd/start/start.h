/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The common parts of isorun and isoctl build, which both start an instance. */

#include "cmd/start/load.h"
#include "plan/plan.h"
#include "plan/request.h"

/* Call this first. Opens fds 0 to 2 if they are closed (ensure_standard_fds()), stops ignoring SIGCHLD, and refuses to
 * run with more rights than the caller has. Returns 0, or -EPERM, reported. */
int start_allowed(Report *report);

/* One try of a start. userdata is from start_repeat(). Returns an exit status, or -EEXIST if the name is in use and
 * this is not the last try. */
typedef int (*StartTry)(void *userdata, bool last_try, Report *report);

/* Calls try until the name is free, up to 16 times. wait: pause for a moment before each further try, because the name
 * is always the same, and may belong to an instance that has just ended. Returns the exit status. */
int start_repeat(StartTry try, void *userdata, bool wait, Report *report);

/* For a start that failed before there was a plan: logs the first reported error to the journal. Returns status. */
int start_refused(const Loaded *loaded, const PlanRequest *request, int status, const Report *report);

/* Starts the plan's instance, and waits until it ends or is handed over. Returns as a StartTry does. If this process is
 * a service's main process and the payload was ended by a signal, this process ends by the same signal. */
int start_plan(const Plan *plan, bool last_try, Report *report);
