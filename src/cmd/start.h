/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs that start something have in common. */

#include "plan/plan.h"

/* Before all else: has fds 0 to 2 open, so that no file of ours is ever taken for one of them, and refuses to be more
 * than its caller. Returns 0, or -EPERM, reported. */
int start_allowed(Report *report);

/* Carries the plan out, and waits for its end. Returns the exit status, or -EEXIST where the unit's name is taken and
 * this is not the last try; where the process is a service, it ends by the signal that the payload ended by. */
int start_plan(const Plan *plan, bool last_try, Report *report);
