/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Copies what is in a directory of the image into a new file system, with modes, owners and times. Follows no symlink,
 * and opens only regular files and directories. to is the root of a mount; from may be an O_PATH fd. Returns 0 or
 * -errno. */
int copy_up(int from, int to);
