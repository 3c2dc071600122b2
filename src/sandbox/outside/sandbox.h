/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/outside/outcome.h"

/* Starts the plan's instance, and waits until it has ended or, with --hand-over, until the reaper has taken over. The
 * caller must not ignore SIGCHLD: the kernel would not tell how the payload ends.
 *
 * The signals that isorun forwards are blocked meanwhile. When this returns, they are as before if the payload was not
 * executed, and still blocked if it was. Unless it was handed over, nothing is left of the instance except its unit,
 * which systemd removes when it sees that it is empty. Returns 0, or a negative errno, reported unless ret->name_taken.
 * *ret is filled in both cases. */
int sandbox_run(const Plan *plan, Report *report, Outcome *ret);
