/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The paths below /var, /run and /etc that belong to a service, for isoctl import --drop-in. They are
 * - those of the package of the unit file, by dpkg's lists,
 * - those with the name of the unit or its user: what the package's scripts have made is in no list,
 * - the keys that the package's configuration names. */

#include <stdbool.h>

/* root: "", or a directory that has the files (for tests). names: of the unit and its user. Returns 0 with *ret on the
 * heap, or -ENOMEM. A path need not exist. */
int package_paths(const char *root, const char *unit_file, char *const *names, char ***ret);

/* Whether a directory can belong to one service alone: it is below /var/lib, /var/cache, /var/log, /var/spool or /run,
 * and not one that many services use. path must be simplified. */
bool package_owns(const char *path);
