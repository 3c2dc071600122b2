/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths in the root of a container, which belongs to an attacker: an image has symlinks that lead out of it, and
 * another container that shares a volume may exchange directories and symlinks at any time (CVE-2021-30465). */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef enum WalkMake {
        WALK_FIND,           /* -ENOENT if there is no such file */
        WALK_MAKE_DIRECTORY, /* makes what is missing */
        WALK_MAKE_FILE,      /* the same, the last one as an empty file */
} WalkMake;

/* Opens path below root with O_PATH. ".." and symlinks, also absolute ones, stay below root: the function reads each
 * symlink, and opens no path through one. If symlinks is false, they are -ELOOP. Returns the fd, which is never a
 * symlink's, or -errno. */
int walk(int root, const char *path, WalkMake make, bool symlinks);

/* The same with WALK_FIND, and symlinks are followed. *ret_path is the path below root without symlinks ("." is root),
 * on the heap; of one that does not exist (-ENOENT, -ENOTDIR), the part that does; NULL after other errors.
 * *ret_replaceable: a symlink on the way is in a writable mount. */
int walk_whole(int root, const char *path, char **ret_path, bool *ret_replaceable);

/* Follows path below root, with its symlinks, as walk() does. Returns 1 if it comes to the directory until: *ret_left,
 * on the heap, is what of the path is left there; 0 if it does not; or -errno. */
int walk_until(int root, const char *path, const struct stat *until, char **ret_left);

/* Whether the file at fd is in a mount and a file system that are both writable. */
bool is_writable(int fd);
