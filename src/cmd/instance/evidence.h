/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the process of an instance says about it. */

#include <stdint.h>
#include <sys/types.h>

/* Reads the policy, the command (both on the heap, or NULL) and the time of the start (CLOCK_REALTIME, in µs, or 0)
 * from isorun's process or, after a hand-over, from the reaper, which has isorun's command line. The kernel keeps them:
 * only the process and its user can change them. The command is not known if it is the policy's own. The policy is not
 * known if a program isolates itself. Returns 0 or -ENOMEM. */
int evidence_read(pid_t pid, char **ret_policy, char **ret_command, uint64_t *ret_started);
