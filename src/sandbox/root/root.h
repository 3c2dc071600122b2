/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/root/mount.h"
#include "sandbox/wire/failure.h"

/* Builds the plan's root in the mount namespace of this process, and makes it the root of the process with
 * pivot_root(2); the old one is gone afterwards. The working directory is then the new root. *ret_notify is the socket
 * of MOUNT_NOTIFY where the plan has one, and as it was where it has none.
 *
 * Returns 0, or a negative errno with the reason kept in f. */
int root_make(const Plan *plan, const int *id_mapped, int *ret_notify, Failure *f);

/* A new /proc of this pid namespace that is mounted nowhere and can be written. The caller closes it. Returns the fd
 * or -errno, and then why in *ret_reason. */
int root_open_proc(MountReason *ret_reason);

/* Mounts what must wait until the process is in its own cgroup namespace, and makes read-only what only had to be
 * writable for others to be mounted in it. To be called after root_make(). */
int root_finish(const Plan *plan, Failure *f);
