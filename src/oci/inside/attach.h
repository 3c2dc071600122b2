/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "sandbox/root/mount.h"

/* Remembers which mounts are shared with the host, before they are made slaves. Returns 0 or -errno. */
int attach_begin(const Spec *spec);

/* Whether the mount that place is in is shared with the host, after attach_begin(). Returns 1, 0 or -errno. */
int attach_is_shared(int place);

/* Attaches a detached mount to the file or directory in the container's root that place is an fd of. Before the root is
 * entered: /proc is the host's. Returns 0 or -errno: -EXDEV if place is in a mount that is shared with the host, where
 * the new mount would appear, too, and stay. attach_hint() says so. */
int attach_in(const Spec *spec, int mount_fd, int place);

/* The id of the mount that fd is in, as in proc_pid_mountinfo(5). Returns 0 or -errno. */
int attach_mount_id(int fd, unsigned *ret);

/* Makes a detached mount of an empty directory, read-only, which hides another one. label is for SELinux, or NULL.
 * Returns an fd or -errno, as mount_make() does. */
int attach_make_lid(const char *label, MountReason *reason);

/* What to add to a message about this -errno: "" or a text in brackets, which begins with a space. */
const char *attach_hint(int error);
