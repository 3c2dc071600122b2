/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Facts from /proc about a process, which may be another user's: proc_pid_status(5), cgroups(7). pid 0 is this
 * process. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The path of its cgroup in the unified hierarchy, "/…", on the heap. Returns 0, -ENODATA if it is in no unified
 * hierarchy, or -errno. */
int process_cgroup(pid_t pid, char **ret);

/* The text after "KEY:\t" in /proc/PID/status, on the heap. Returns 0, -ENODATA if the file has no such line, or
 * -errno. */
int process_status(pid_t pid, const char *key, char **ret);

/* The signals that this process ignores, signal N as bit N - 1; all, if /proc does not tell. */
uint64_t process_ignored_signals(void);

/* Whether this process is root of the user namespace that the host begins with. */
bool process_is_host_root(void);

/* What one read of /proc/PID/status says. */
typedef struct ProcessFacts {
        char name[64];
        pid_t parent;    /* 0: none that this /proc shows */
        uid_t uid;       /* the real one */
        unsigned depth;  /* as process_pid_depth() */
        pid_t innermost; /* its pid in the deepest of its pid namespaces */
        bool hidden;     /* see process_pidfd_facts() */
} ProcessFacts;

/* Returns 0 or -errno. */
int process_facts(pid_t pid, ProcessFacts *ret);

/* The same for a process that hidepid= of proc(5) hides, through a pidfd of it. The name is empty. Before Linux 6.13,
 * the uid is -1, and the parent is 0 if that is hidden, too. */
int process_pidfd_facts(int pidfd, pid_t pid, ProcessFacts *ret);

/* The id of its cgroup in the unified hierarchy, which is the inode number of the cgroup's directory. Returns 0 or
 * -errno, as before Linux 6.13. */
int process_pidfd_cgroup(int pidfd, uint64_t *ret);

/* The same with its parent's pid, in the pid namespace of this process. */
int process_pidfd_place(int pidfd, uint64_t *ret_cgroup, pid_t *ret_parent);

/* A process or a thread, and whether it still lives. */
typedef struct ProcessLife {
        pid_t parent;
        uint64_t started; /* in ticks since the boot: tells it from another one with the same number */
        bool ends;        /* it is a zombie or is about to be one, and runs no more code of its program */
} ProcessLife;

/* Reads it from a directory like /proc/PID or /proc/PID/task/TID. The kernel takes away the namespaces and limits of a
 * thread while it ends, so what was read of it counts only if this says afterwards that it does not end. Returns 0 or
 * -errno. */
int process_life(int dir, ProcessLife *ret);

/* When the process started, in microseconds of CLOCK_BOOTTIME, on a clock of 10 ms. Returns 0 or -errno. */
int process_started(pid_t pid, uint64_t *ret_usec);

/* Reads n fields of /proc/PID/stat, counted as in proc_pid_stat(5). field is the first one, from 4 on: those before are
 * no numbers. Returns 0, -ENODATA if the kernel has not so many, or -errno. */
int process_stat(pid_t pid, unsigned field, uint64_t *ret, unsigned n);

/* Its command line, as the kernel has it, on the heap: proc_pid_cmdline(5). Returns 0 or -errno; -ENODATA if it is
 * empty. */
int process_arguments(pid_t pid, char ***ret);

/* Opens a pidfd of a process. Returns it or -errno: -ESRCH if no process has this number now. The number may be in use
 * all the same: a thread has got it, or processes live whose session or group it names. */
int process_open(pid_t pid);

/* As process_status(), for a process that the caller has a pidfd of, from the pidfd's fdinfo, which has the keys Pid
 * and NSpid: pidfd_open(2). */
int process_pidfd_status(int pidfd, const char *key, char **ret);

/* Whether NSpid there is pids, such as "12\t1". Returns 1, 0 or -errno. Leaves the heap alone. */
int process_pidfd_has_pids(int pidfd, const char *pids);

/* Tells how a process has ended, as wait(2) does, even if it is not a child of the caller. The pidfd must have been
 * opened before the process ended. Waits a moment until its parent has waited for it. Returns -EOPNOTSUPP if the kernel
 * does not tell the status, as before Linux 6.15. */
int process_pidfd_exit(int pidfd);

/* The number of pid namespaces that the process is in, counted from the one that /proc belongs to: 1 if it is in no
 * deeper one. Returns the number or -errno. */
int process_pid_depth(pid_t pid);

/* The same for the process of a pidfd, which hidepid= of proc(5) does not hide. */
int process_pidfd_depth(int pidfd);

/* Overwrites the command line of this process, which everybody can read in /proc, and puts name in its place. Nothing
 * may use argv afterwards. Returns 0 or -errno. */
int process_hide_arguments(const char *name);

/* Ends this process by the signal that has ended another one, which it has run. Dumps no core: only the other one's is
 * of interest. Returns if the signal does nothing, as in the first process of a pid namespace. */
void process_die_of(int sig);

/* Executes arguments[0], a path, in a child, and waits. Returns 0 with the status of waitpid(2), or -errno. */
int process_run(char *const *arguments, int *ret_status);

/* Makes a user namespace with further namespaces (CLONE_NEW*), in which the caller's ids are these. Returns 0 or
 * -errno. */
int process_unshare_users(int flags, uid_t uid, gid_t gid);

/* Makes this process, which has just been forked, one that serves its parent: it ends with the parent, has this name
 * and a session of its own, and takes no signals. For the terminal and systemd signal all processes, and this one ends
 * when its work has. */
void process_begin_helper(const char *name);
