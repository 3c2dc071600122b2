/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* These functions only look at the text of a path, never at the file system. */

/* Whether path is absolute and has no ".." component. */
bool path_is_safe(const char *path);

/* Returns path without double slashes, "." components and a trailing slash, on the heap. NULL when memory runs out. */
char *path_simplify(const char *path);

/* Returns "dir/name", with one slash also if dir ends in one, on the heap. NULL when memory runs out. */
char *path_join(const char *dir, const char *name);

/* Returns path without its last component ("/" for "/a", "." for "a"), on the heap. NULL when memory runs out. */
char *path_parent(const char *path);

/* The part of path after its last slash. */
const char *path_name(const char *path);

/* Whether path is below directory; false if the two are equal. Both must be simplified. */
bool path_is_below(const char *path, const char *directory);
