/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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

/* Whether path is directory, or below it. Both must be simplified. */
bool path_is_at_or_below(const char *path, const char *directory);

/* For arrays whose elements begin with a simplified path (a char *): sorts by it, parents first; */
void path_sort(void *items, size_t n, size_t size);

/* in a sorted array, finds an element for path or, closest above, for a directory that contains it. strict: not for
 * path itself. Returns NULL if no element matches. */
const void *path_find_above(const void *items, size_t n, size_t size, const char *path, bool strict);
