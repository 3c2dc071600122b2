/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* Tests whether a file is an image that image_mount() takes; that the caller may not mount it is a notice. It reads the
 * superblock and changes nothing. Returns 0 or -errno, reported. */
int image_check(const char *path, Origin origin, Report *report);

/* Mounts a file that holds a file system (squashfs, erofs, ext2 to ext4, xfs or btrfs, without partitions), read-only,
 * nowhere: *ret is the fd of the detached mount, which the caller closes; the loop device goes with it. It takes
 * CAP_SYS_ADMIN in the initial user namespace. Returns 0 or -errno, reported. */
int image_mount(const char *path, Origin origin, int *ret, Report *report);
