/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The filter with LogDenials=yes. Where the plan's program has an errno, it has SECCOMP_RET_USER_NOTIF, and a process
 * outside (sandbox/watch/log.h) gives the errno as the answer: it runs the plan's program for the call. For calls that
 * the plan allows, the program is the same but for its first instructions.
 *
 *   - Of two equal answers, the one of the filter loaded last counts. When the process outside has been killed, a
 *     payload with a filter and a listener of its own could let denied calls go on. So it gets no listener (EBUSY).
 *   - The payload sends its listener to isorun when it has the filter. If the plan denies sendmsg(2), the first filter
 *     lets it and seccomp(2) pass, and a second one denies them: these two are not recorded then. */

#include <linux/filter.h>

#include "plan/plan.h"

/* Makes the programs, in the order to install them, of the plan's program. The first one gets the listener. The caller
 * frees each. Returns how many there are, 1 or 2; -E2BIG if the kernel takes no program of this length, or -ENOMEM. */
int notify_programs(const Plan *plan, struct sock_fprog ret[static 2]);
