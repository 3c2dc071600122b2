/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts as file descriptors, before they have a place: open_tree(2), fsopen(2), mount_setattr(2), move_mount(2). Each
 * function returns 0 or an fd that the caller closes, or -errno. */

#include "plan/plan.h"

/* Gives a mount the attributes that m asks for, and makes it private. */
int mount_set_attributes(int mount_fd, const PlanMount *m);

/* A detached copy of the mount at fd, with these attributes. */
int mount_clone(int fd, const PlanMount *m);

/* Why the kernel refused a file system, in its own words: text in parentheses after a space, or "". */
typedef struct MountReason {
        char text[200];
} MountReason;

/* Reads the reason from fs, an fd of fsopen(2), after a call on it has failed; *ret is empty before. Returns -errno of
 * that call. */
int mount_refused(int fs, MountReason *ret);

/* A new file system, detached. options: "key=value,flag,…" or NULL; attributes: MOUNT_ATTR_*. Where the kernel refuses
 * it, *ret_reason, empty before, says why. */
int mount_make(const char *type, const char *options, unsigned attributes, MountReason *ret_reason);

/* Mounts what is detached on what destination is an fd of. */
int mount_attach(int mount_fd, int destination);
