/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The common parts of isorun and isoctl build, which both start an instance. */

#include "plan/plan.h"
#include "util/report.h"

/* Call this first. Opens fds 0 to 2 if they are closed (ensure_standard_fds()), stops ignoring SIGCHLD, and refuses to
 * run with more rights than the caller has. Returns 0, or -EPERM, reported. */
int start_allowed(Report *report);

/* Starts the plan's instance, and waits until it ends or is handed over. Returns as a StartTry does. If this process is
 * a service's main process and the payload was ended by a signal, this process ends by the same signal. */
int start_plan(const Plan *plan, bool last_try, Report *report);
