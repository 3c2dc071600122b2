/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What root has written about an instance (CGROUP_DESCRIPTION), for a table. Neither a user nor root of a user
 * namespace can write such an attribute, and isorun in a container knows other pids. So only the kernel is asked, once,
 * whether the process of that pid is in the cgroup, and a child of that isorun. /proc/PID/status, which takes longer to
 * read, would prove nothing more about what root says. Before an instance is acted on, isoctl reads that, too. */

#include <stdint.h>
#include <sys/types.h>

typedef struct Description {
        char *name, *policy, *command; /* on the heap */
        uint64_t started_usec;
        pid_t pid, isorun;
        uid_t runner;
} Description;

/* Reads it by an fd of the cgroup's directory, whose inode is the cgroup's id. Returns 1; 0 if there is no description,
 * or the kernel does not confirm it, as before Linux 6.13; or -ENOMEM. */
int described_read(int cgroup, ino_t inode, Description *ret);
