/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What /proc says of a process that may be another user's: proc_pid_status(5), cgroups(7). pid 0: this one. */

#include <sys/types.h>

/* Its path in the unified hierarchy of cgroups, "/…", on the heap. Returns 0, -ENODATA where it has none, or -errno. */
int process_cgroup(pid_t pid, char **ret);

/* What follows "KEY:\t" in its status, on the heap. Returns 0, -ENODATA where there is no such line, or -errno. */
int process_status(pid_t pid, const char *key, char **ret);

/* How many pid namespaces it is in, as seen from the one of /proc: 1 for who is in that alone. Returns that or -errno. */
int process_pid_depth(pid_t pid);
