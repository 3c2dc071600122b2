/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Drop-ins as of systemd.unit(5): the files *.conf of several directories, of which the first one has of each name counts,
 * in the order of their names. */

/* Adds the paths of one directory's, but for names that are there already. Returns 0, also where there is no such
 * directory, or -errno. */
int drop_ins_collect(const char *directory, char ***paths);

/* When all directories have been looked into. */
void drop_ins_sort(char **paths);
