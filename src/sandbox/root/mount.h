/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts as file descriptors, before they are attached: open_tree(2), fsopen(2), mount_setattr(2), move_mount(2). Runs
 * inside, and outside for images and idmapped mounts. Functions return 0 or an fd that the caller closes, or -errno. */

#include "plan/plan.h"

/* The attributes as MOUNT_ATTR_*; nosuid is always among them. */
unsigned mount_attribute_bits(MountAttributes attributes);

/* The same as MS_*, for mount(2). */
unsigned long mount_attribute_flags(MountAttributes attributes);

/* Gives a mount the attributes (nosuid always), and makes it private. */
int mount_set_attributes(int mount_fd, MountAttributes attributes);

/* The same for MOUNT_ATTR_*. recursive: also the mounts below. */
int mount_set_bits(int mount_fd, unsigned bits, bool recursive);

/* Makes a detached mount of a file or directory. It has the attributes of the mount that fd is in. recursive: with the
 * mounts below. */
int mount_copy(int fd, bool recursive);

/* Makes a detached copy of the mount at fd, with the attributes. */
int mount_clone(int fd, MountAttributes attributes);

/* The kernel's own message about a file system that it refused: " (MESSAGE)", or "". */
typedef struct MountReason {
        char text[200];
} MountReason;

/* Reads the kernel's message from fs, an fd of fsopen(2), right after a call on it has failed. *ret must be empty
 * before. Returns -errno of the failed call. */
int mount_refused(int fs, MountReason *ret);

/* Makes a new file system as a detached mount. options is "key=value,flag,…" or NULL; attributes are MOUNT_ATTR_*. If
 * the kernel refuses it, *ret_reason may say why; it must be empty before. */
int mount_make(const char *type, const char *options, unsigned attributes, MountReason *ret_reason);

/* The same. label: what SELinux takes for the label of each file in it, which may have commas; NULL: none. */
int mount_make_labelled(const char *type, const char *options, const char *label, unsigned attributes,
                        MountReason *ret_reason);

/* Attaches a detached mount to the file or directory that destination is an fd of. */
int mount_attach(int mount_fd, int destination);

/* The same for a name in a directory. It does not follow a symlink. */
int mount_attach_at(int mount_fd, int directory, const char *name);
