/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --record FILE --permissive: opens the policy of the run. What it opens are lines of a policy, made for this
 * host and caller, between those of the policy and those of the command line. So all that isorun says of a policy
 * holds for them, too.
 *
 *   - Files: what the caller can read, it shows read-only. What the caller can write, and what isorun may have in an
 *     overlay, is an overlay: the changes are in memory, and lost at the end. overlayfs takes no directory of another
 *     mount namespace with mounts below it, so / is none. Listening sockets in an overlay are bound, because connect(2)
 *     to one through an overlay fails (ECONNREFUSED).
 *   - The host's network, abstract sockets, and families of sockets.
 *   - Calls, but for those that nobody could watch. */

#include "plan/plan.h"

/* Returns 0 or -errno, reported. */
int permissive_apply(Policy *policy, Report *report);

/* When the policy is complete: whether its root is the host's. Returns 0 or -EINVAL, reported. */
int permissive_check(const Policy *policy, Report *report);

/* When the plan is made: whether the command could change files of the host, by a volume of the policy or of the
 * command line, or by its standard output. Returns 0 or -EPERM, reported. */
int permissive_check_plan(const Plan *plan, Report *report);
