/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Lexical work on paths; nothing here looks at a file. */

/* Whether path is absolute and has no ".." component. */
bool path_is_safe(const char *path);

/* path without double slashes, "." components and a trailing slash, on the heap; NULL when memory runs out. */
char *path_simplify(const char *path);

/* "dir/name", without a double slash where dir is "/". On the heap; NULL when memory runs out. */
char *path_join(const char *dir, const char *name);

/* All of path but its last component ("/" for "/a"), on the heap; NULL when memory runs out. */
char *path_parent(const char *path);

/* What follows the last slash. */
const char *path_name(const char *path);

/* Whether path is below directory, which it is not itself; both are simplified. */
bool path_is_below(const char *path, const char *directory);
