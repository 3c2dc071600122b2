/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts as file descriptors, before they have a place: open_tree(2), fsopen(2), mount_setattr(2), move_mount(2). Each
 * function returns 0 or an fd that the caller closes, or -errno. */

#include "plan/plan.h"

/* Gives a mount the attributes that m asks for, and makes it private. */
int mount_set_attributes(int mount_fd, const PlanMount *m);

/* A detached copy of the mount at fd, with these attributes. */
int mount_clone(int fd, const PlanMount *m);

/* A new file system, detached. options: "key=value,flag,…" or NULL; attributes: MOUNT_ATTR_*. */
int mount_make(const char *type, const char *options, unsigned attributes);

/* Mounts what is detached on what destination is an fd of. */
int mount_attach(int mount_fd, int destination);
