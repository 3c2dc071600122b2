/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finds out which of the calls that failed the sandbox has denied, and which line of the policy does that.
 *
 * A call is told if the plan gives the same answer (plan_why()), and if the host would not have refused it, too. Both
 * look up paths that the payload has chosen, and a path may wait for a file system that never answers. So a child does
 * it, with the payload's ids. If it does not get on, it is killed, and another one goes on after that path. */

#include "sandbox/watch/denials.h"

/* Sends each line that is to be shown as one packet. */
void judge_all(const Plan *plan, const Denials *denials, int socket);
