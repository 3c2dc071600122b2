/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The paths below /var, /run and /etc that belong to a service, for isoctl import --drop-in. They are those of the
 * package of the unit file, by dpkg's lists, and those with the name of the unit or its user: what the package's scripts
 * have made is in no list. */

/* names: of the unit and its user. Returns 0 with *ret on the heap, or -ENOMEM. A path need not exist. */
int package_paths(const char *unit_file, char *const *names, char ***ret);
