/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Opens path below the directory root with O_PATH and flags (O_DIRECTORY; O_NOFOLLOW: where the last component is a
 * symlink, it is what is opened), following no symlink at all. resolve: more of openat2(2)'s RESOLVE_*; path is
 * relative but with RESOLVE_IN_ROOT, and has no "..".
 *
 * Where openat2(2) is not to be had, as in a sandbox whose filter cannot see its arguments, the same is done by
 * open_in_steps(). Returns the fd or -errno, -ELOOP for a symlink. */
int open_in(int root, const char *path, uint64_t flags, uint64_t resolve);

/* The same with openat(2), a component at a time. A path is always one from root, and -EXDEV for "..". */
int open_in_steps(int root, const char *path, uint64_t flags);
