/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* Tests whether a file is an image that image_mount() accepts. Reads only the superblock. If the caller is not root,
 * reports a notice that only root can mount it. Returns 0 or -errno, reported. */
int image_check(const char *path, Origin origin, Report *report);

/* Outside: mounts a file that contains a file system (squashfs, erofs, ext2 to ext4, xfs or btrfs, without partitions)
 * read-only and detached. *ret is the fd of the mount, which the caller closes; the kernel frees the loop device with
 * the mount. Needs CAP_SYS_ADMIN in the initial user namespace. Returns 0 or -errno, reported. */
int image_mount(const char *path, Origin origin, int *ret, Report *report);
