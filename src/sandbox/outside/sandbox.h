/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/outside/outcome.h"

/* Carries the plan out, and waits until the instance has ended. The caller must not ignore SIGCHLD: the kernel would not
 * say how the payload ends. The signals that isorun hands on are blocked meanwhile.
 * When this returns they are as before if the payload has not been executed, and stay blocked if it has. Nothing is left
 * of the instance then but its unit, which systemd removes when it sees that it is empty. Returns 0, or a negative errno,
 * reported unless ret->name_taken. *ret is filled either way. */
int sandbox_run(const Plan *plan, Report *report, Outcome *ret);
