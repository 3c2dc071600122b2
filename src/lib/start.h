/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The common parts of all that starts an instance: isorun, isoctl build and libisorun. */

#include "lib/load.h"
#include "sandbox/outside/outcome.h"

/* Whether this process has more rights than the process that started it, by a set-user-ID or set-group-ID bit or by
 * capabilities of its file. A policy may name everything that the caller may use, so no such process may start one. */
bool start_has_more_rights(void);

/* One try of a start. userdata is from start_repeat(). Returns an exit status, or -EEXIST if the name is in use and
 * this is not the last try. */
typedef int (*StartTry)(void *userdata, bool last_try, Report *report);

/* Calls try until the name is free, up to 16 times. wait: pause for a moment before each further try, because the name
 * is always the same, and may belong to an instance that has just ended. Returns the exit status. */
int start_repeat(StartTry try, void *userdata, bool wait, Report *report);

/* For a start that failed before there was a plan: logs the first reported error to the journal. Returns status. */
int start_refused(const Loaded *loaded, const PlanRequest *request, int status, const Report *report);

/* Starts the plan's instance, and waits until it ends or is handed over: sandbox_run(). Returns 0, with *ret filled,
 * or -EEXIST if the name is in use and this is not the last try. */
int start_run(const Plan *plan, bool last_try, Report *report, Outcome *ret);

/* Ends this process by the payload's signal, if the caller should see the signal. Otherwise returns the exit status. */
int start_end_as(const Outcome *outcome, bool is_service);
