/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Drop-ins of systemd.unit(5): the files *.conf of several directories, sorted by name. For files with the same name,
 * the one in the earlier directory wins. */

/* Adds the paths of the drop-ins in one directory. Skips a drop-in if *paths already has one with the same file name.
 * Returns 0 (also if the directory does not exist) or -errno, -E2BIG for more than 1000 drop-ins in the directory. */
int drop_ins_collect(const char *directory, char ***paths);

/* Sorts the paths by file name. Call it after drop_ins_collect() has read all directories. */
void drop_ins_sort(char **paths);
