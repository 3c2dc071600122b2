/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In a user namespace, the kernel mounts a sysfs only for a network namespace that this user namespace owns. For the
 * caller's network, the host's /sys shows the same, so that can be bound. Functions return 0 or an fd, or a negative
 * errno kept in f. */

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Makes a detached copy of the host's /sys, read-only, with the mounts below: the kernel makes none without them. */
int bind_sys(const Spec *spec, const SpecMount *m, Failure *f);

/* Covers each mount below the attached copy by an empty directory, so that it shows what a new sysfs does: no cgroups
 * of the host (CVE-2023-25809), and no debugfs. */
int bind_sys_cover(const Spec *spec, int mount_fd, Failure *f);
