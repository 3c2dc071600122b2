/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/root/mount.h"
#include "sandbox/wire/failure.h"

/* Inside: makes the plan's root in the mount namespace of this process, and changes to it with pivot_root(2).
 * Afterwards the old root is detached, and "/" is the working directory. id_mapped is from id_mapped_make(). If the
 * plan has a MOUNT_NOTIFY, *ret_notify is its socket, which the caller closes; otherwise it stays unchanged. Returns 0,
 * or a negative errno kept in f. */
int root_make(const Plan *plan, const int *id_mapped, int *ret_notify, Failure *f);

/* Returns about how many fds root_make() has open at most. */
unsigned root_count_fds(const Plan *plan);

/* Inside: makes a new, writable /proc of this pid namespace as a detached mount. The caller closes the fd. Returns the
 * fd or -errno, with the kernel's reason in *ret_reason. */
int root_open_proc(MountReason *ret_reason);

/* Inside, after root_make(), in the new cgroup namespace: if the plan has a MOUNT_CGROUP, mounts the cgroup tree, and
 * makes read-only what was writable only so that mount points could be made in it. Otherwise root_make() has done that.
 * Returns 0, or a negative errno kept in f. */
int root_finish(const Plan *plan, Failure *f);
