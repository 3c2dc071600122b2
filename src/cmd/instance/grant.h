/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Adds mounts to a running instance, and removes them. Short-lived processes do that: one copies the mount with the
 * caller's own rights, another joins the instance and has no more rights than the instance's owner. */

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/wire/failure.h"

typedef struct GrantTarget {
        int user_namespace, mount_namespace; /* of the payload */
        uid_t uid;                           /* of the instance's owner */
        gid_t gid;
} GrantTarget;

/* Makes a detached copy of the mount at a directory (a path without symlinks), with these attributes. The kernel
 * locks them, so that the payload cannot remove them. Returns the fd, or a negative errno kept in f. */
int grant_copy(const char *source, MountAttributes attributes, Failure *f);

/* Attaches the copy on top of a place. Returns 0, or a negative errno kept in f. */
int grant_attach(const GrantTarget *target, int mount_fd, const char *place, Failure *f);

/* Detaches the top mount of a place, even if it is in use. Returns 0, or a negative errno kept in f. */
int grant_detach(const GrantTarget *target, const char *place, Failure *f);

/* Opens the list of the instance's mounts: proc_pid_mountinfo(5). Returns the fd, which the caller closes, or a
 * negative errno kept in f. */
int grant_open_mounts(const GrantTarget *target, Failure *f);
