/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/outside/outcome.h"

/* Starts the plan's instance, and waits until it has ended or, with --hand-over, until the reaper has taken over. The
 * caller must not ignore SIGCHLD: then the kernel would not report how the payload ended.
 *
 * The signals that isorun forwards are blocked meanwhile. When this returns, they are as before if the payload was not
 * executed, and still blocked if it was. Unless the instance was handed over, nothing is left of it except its unit,
 * which systemd removes when it sees that it is empty. Returns 0, or a negative errno, reported unless ret->name_taken.
 * *ret is filled in both cases. */
int sandbox_run(const Plan *plan, Report *report, Outcome *ret);
