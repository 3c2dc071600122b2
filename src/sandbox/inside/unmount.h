/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* At the end of an instance, the kernel detaches all its mounts, waits for a grace period and frees the file systems in
 * memory. The process that leaves the mount namespace last does this before others can see that it has ended, so the
 * reaper's end would wait for it, then isorun, then the caller.
 *
 * Linux 6.11 and later offer another way. A socket that is in its own queue cannot be reached once the processes that
 * had it have ended. The kernel collects such sockets in a process of its own, with all that is in the queue: here an
 * fd of the mount namespace. So that process leaves last, some milliseconds later. All processes of the instance are
 * gone before isorun ends, as ever, and their times are counted. */

#include <stdbool.h>

#include "plan/plan.h"

/* Whether nobody needs the mounts to be gone when isorun ends: the plan has no unit or cgroup, to which the memory of
 * the file systems is charged, and shows nothing of the host that the policy or the caller has chosen. Inside of
 * another sandbox, the mounts include that one's volumes. A payload that may mount could make a file system whose end
 * lasts, and all others on the host that the kernel frees in the same way would wait. */
bool unmount_may_be_late(const Plan *plan);

/* In the reaper, just before it ends: has the kernel unmount later, if it can, and also close mount_fd (or -1) later, a
 * mount that is attached nowhere: its last close(2) waits in the same way. The kernel counts the fds in queues for each
 * user, so this must not be done earlier. */
void unmount_late(int mount_fd);
