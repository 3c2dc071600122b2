/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* System calls that glibc has no wrapper for, or had none before 2.36 (pidfd_open(2), pidfd_send_signal(2)). Each
 * returns -1 and sets errno, as its man page says. */

#include <linux/futex.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static inline pid_t sys_clone3(struct clone_args *args) {
        return (pid_t) syscall(SYS_clone3, args, sizeof(*args));
}

static inline int sys_openat2(int dir_fd, const char *path, const struct open_how *how) {
        return (int) syscall(SYS_openat2, dir_fd, path, how, sizeof(*how));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old) {
        return (int) syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags) {
        return (int) syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig) {
        return (int) syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_pidfd_getfd(int pidfd, int fd) {
        return (int) syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

/* An fd of the process's mount namespace: since Linux 6.11, PIDFD_GET_MNT_NAMESPACE of <linux/pidfd.h>. */
static inline int sys_pidfd_get_mounts(int pidfd) {
        return ioctl(pidfd, _IO(0xFF, 3), 0);
}

/* waitid(2) for a child's pidfd, with the resources that it and its children have used: getrusage(2). */
static inline int sys_wait_usage(int pidfd, siginfo_t *info, struct rusage *usage) {
        return (int) syscall(SYS_waitid, P_PIDFD, pidfd, info, WEXITED, usage);
}

static inline int sys_seccomp(unsigned op, unsigned flags, const void *args) {
        return (int) syscall(SYS_seccomp, op, flags, args);
}

static inline int sys_bpf(int command, const void *attr, size_t size) {
        return (int) syscall(SYS_bpf, command, attr, size);
}

static inline int sys_landlock_create_ruleset(const void *attr, size_t size, unsigned flags) {
        return (int) syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

static inline int sys_landlock_add_rule(int ruleset, int type, const void *attr) {
        return (int) syscall(SYS_landlock_add_rule, ruleset, type, attr, 0);
}

static inline int sys_landlock_restrict_self(int ruleset, unsigned flags) {
        return (int) syscall(SYS_landlock_restrict_self, ruleset, flags);
}

/* Waits until the kernel has set *tid to 0: set_tid_address(2), CLONE_CHILD_CLEARTID. Changes errno only after that. */
static inline void sys_await_tid(const uint32_t *tid) {
        uint32_t value;

        while ((value = __atomic_load_n(tid, __ATOMIC_ACQUIRE)) != 0)
                (void) syscall(SYS_futex, tid, FUTEX_WAIT, value, NULL, NULL, 0);
}

/* glibc's functions of these names ask each thread to change as well. After clone3(2), they would wait for threads that
 * only the process outside has. */
static inline int sys_setgroups(size_t n, const gid_t *groups) {
        return (int) syscall(SYS_setgroups, n, groups);
}

static inline int sys_setresgid(gid_t gid) {
        return (int) syscall(SYS_setresgid, gid, gid, gid);
}

static inline int sys_setresuid(uid_t uid) {
        return (int) syscall(SYS_setresuid, uid, uid, uid);
}
