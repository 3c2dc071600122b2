/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Opens path below the directory root, with O_PATH and flags, and follows no symlink. flags is O_DIRECTORY, or
 * O_NOFOLLOW to open the last component itself if it is a symlink. resolve adds RESOLVE_* flags of openat2(2). path
 * contains no "..", and is relative unless resolve has RESOLVE_IN_ROOT.
 *
 * If openat2(2) fails with ENOSYS (for example inside another sandbox, whose filter cannot see its arguments),
 * open_in_steps() does the same. Returns the fd or -errno, -ELOOP for a symlink. */
int open_in(int root, const char *path, uint64_t flags, uint64_t resolve);

/* Does the same with openat(2), one component at a time. An absolute path also starts at root. -EXDEV for "..". */
int open_in_steps(int root, const char *path, uint64_t flags);
