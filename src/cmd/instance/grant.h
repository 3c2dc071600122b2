/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts into, and out of, a running instance. Everything is done by short-lived processes: one that copies the mount
 * with the caller's own rights, and one that has joined the instance and has no more rights than its owner. */

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/wire/failure.h"

typedef struct GrantTarget {
        int user_namespace, mount_namespace; /* of the payload */
        uid_t uid;                           /* the instance's owner */
        gid_t gid;
} GrantTarget;

/* A detached copy of the mount at a directory (without symlinks), nosuid, nodev and, if asked, read-only, all of which
 * nobody can take off who is not where it comes from. Returns its fd, or a negative errno kept in f. */
int grant_copy(const char *source, bool read_only, Failure *f);

/* Puts it on top of a place. Returns 0, or a negative errno kept in f. */
int grant_attach(const GrantTarget *target, int mount_fd, const char *place, Failure *f);

/* Takes what is on top of a place off, although it is in use. Returns likewise. */
int grant_detach(const GrantTarget *target, const char *place, Failure *f);

/* The instance's mounts as in proc_pid_mountinfo(5). The caller closes the fd. Returns likewise. */
int grant_open_mounts(const GrantTarget *target, Failure *f);
