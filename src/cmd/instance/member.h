/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Processes in the cgroup of an instance. With hidepid= (proc(5)), /proc does not show a user the reaper, which is not
 * dumpable. The kernel then tells less about it, through a pidfd and the cgroup's files. */

#include "util/process.h"

/* As process_facts(), also for a hidden process. For such a process, *ret_pidfd is a pidfd, which the caller closes;
 * otherwise it is -1. While member_runs(), pid and facts are those of one process. Returns 0 or -errno. */
int member_facts(pid_t pid, ProcessFacts *ret, int *ret_pidfd);
bool member_runs(int pidfd);

/* Whether the process is in the cgroup whose directory has this inode. false if the kernel does not say it: before
 * Linux 6.13. */
bool member_is_exactly_in(pid_t pid, ino_t cgroup);

/* Opens a pidfd of the process if that is in the cgroup, or below it. The cgroup's directory is dir and has this inode;
 * path is where it is or was. Another process or cgroup that has the same number or path by now does not count. Returns
 * the fd, -ESRCH or another -errno. */
int member_open(pid_t pid, const char *path, int dir, ino_t cgroup);

/* Whether the cgroup of the directory has been removed. */
bool member_cgroup_is_removed(int dir);

/* Whether the process is in the cgroup, or below it. path is the cgroup's, dir its directory. */
bool member_is_in(pid_t pid, const char *path, int dir);
