/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finds out which of the calls that failed the sandbox has denied, and which line of the policy does that.
 *
 * A call is reported if the plan gives the same answer (plan_why()), and the host would not have refused it as well.
 * Both checks look up paths that the payload has chosen, and a path may be on a file system that never answers. So a
 * child makes the checks, with the payload's ids. If it hangs, it is killed, and another child continues after that
 * path. */

#include "sandbox/watch/denials.h"

typedef enum JudgeForm {
        JUDGE_PACKETS, /* to a socket: each line for people is a packet, with its NUL */
        JUDGE_WORDS,   /* to a file: told.h */
} JudgeForm;

/* Writes what is to be shown to fd. The tracer may add to the denials meanwhile. */
void judge_all(const Plan *plan, const Denials *denials, int fd, JudgeForm form);
