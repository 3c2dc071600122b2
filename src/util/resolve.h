/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Resolves all symlinks of an absolute path, as realpath(3) does. Calls followed with the resolved path of each symlink
 * on the way; it returns 0, or a negative errno that ends this. So the caller judges the symlinks that have led to the
 * result, even if somebody replaces them at the same time. *ret is on the heap. Returns 0 or -errno. */
int resolve(const char *path, int (*followed)(void *userdata, const char *link), void *userdata, char **ret);
