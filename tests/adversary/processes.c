/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Process 1 is the reaper in a sandbox, and the host's systemd in the control, which sets only what is set already. */
#include "adversary.h"

#include <linux/kcmp.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int try_seize(const Facts *facts, const Attempt *a) {
        return result(ptrace(PTRACE_SEIZE, 1, NULL, NULL));
}

static int try_trace_child(const Facts *facts, const Attempt *a) {
        pid_t pid = fork();
        int r;

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                pause();
                _exit(0);
        }
        r = result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
        kill(pid, SIGKILL);
        return r;
}

/* EFAULT comes after the check of permission. */
static int try_vm_read(const Facts *facts, const Attempt *a) {
        char byte;
        struct iovec local = { &byte, 1 }, remote = { (void *) 1, 1 };

        return result(process_vm_readv(1, &local, 1, &remote, 1, 0));
}

static int try_vm_write(const Facts *facts, const Attempt *a) {
        char byte = 0;
        struct iovec local = { &byte, 1 }, remote = { (void *) 1, 1 };

        return result(process_vm_writev(1, &local, 1, &remote, 1, 0));
}

static int try_getfd(const Facts *facts, const Attempt *a) {
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        return fd < 0 ? -errno : result(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static int try_madvise(const Facts *facts, const Attempt *a) {
        struct iovec iov = { NULL, 0 };
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        return fd < 0 ? -errno : result(syscall(SYS_process_madvise, fd, &iov, 1, MADV_COLD, 0));
}

static int try_mrelease(const Facts *facts, const Attempt *a) {
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        return fd < 0 ? -errno : result(syscall(SYS_process_mrelease, fd, 0));
}

static int try_kcmp(const Facts *facts, const Attempt *a) {
        return result(syscall(SYS_kcmp, 1, getpid(), KCMP_VM, 0, 0));
}

static int try_prlimit(const Facts *facts, const Attempt *a) {
        struct rlimit limit;

        if (prlimit(1, RLIMIT_NOFILE, NULL, &limit) < 0)
                return -errno;
        return result(prlimit(1, RLIMIT_NOFILE, &limit, NULL));
}

static int try_renice(const Facts *facts, const Attempt *a) {
        int nice = getpriority(PRIO_PROCESS, 1);

        return result(setpriority(PRIO_PROCESS, 1, nice));
}

static int try_ioprio(const Facts *facts, const Attempt *a) {
        long value = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 1);

        return value < 0 ? -errno : result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 1, value));
}

static int try_affinity(const Facts *facts, const Attempt *a) {
        cpu_set_t set;

        if (sched_getaffinity(1, sizeof(set), &set) < 0)
                return -errno;
        return result(sched_setaffinity(1, sizeof(set), &set));
}

static int try_scheduler(const Facts *facts, const Attempt *a) {
        struct sched_param param = { 0 };

        return result(sched_setscheduler(1, SCHED_OTHER, &param));
}

static int try_realtime(const Facts *facts, const Attempt *a) {
        struct sched_param param = { .sched_priority = 1 };

        return result(sched_setscheduler(0, SCHED_FIFO, &param));
}

static int try_nice(const Facts *facts, const Attempt *a) {
        return result(setpriority(PRIO_PROCESS, 0, -5));
}

/* What follows is for a process of the host's, which takes this signal for nothing. */
static int try_kill_group(const Facts *facts, const Attempt *a) {
        return result(kill(0, SIGURG));
}

static int try_kill_host(const Facts *facts, const Attempt *a) {
        return result(kill(facts->pid, SIGURG));
}

static int try_queue_host(const Facts *facts, const Attempt *a) {
        return result(sigqueue(facts->pid, SIGURG, (union sigval){ 0 }));
}

static int try_pidfd_host(const Facts *facts, const Attempt *a) {
        int fd = (int) syscall(SYS_pidfd_open, facts->pid, 0);

        return fd < 0 ? -errno : result(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
}

static int try_nice_group(const Facts *facts, const Attempt *a) {
        return result(setpriority(PRIO_PGRP, 0, 7));
}

static int try_ioprio_group(const Facts *facts, const Attempt *a) {
        return result(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)));
}

static int try_nice_host(const Facts *facts, const Attempt *a) {
        return result(setpriority(PRIO_PROCESS, (id_t) facts->pid, 7));
}

static int try_core_sched(const Facts *facts, const Attempt *a) {
        return result(prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_PROCESS_GROUP, 0));
}

/* The kernel starts the host's handler of core dumps as root, unless both limits are 1. */
static int try_core(const Facts *facts, const Attempt *a) {
        struct rlimit limit, zero = { 0, 0 };

        if (getrlimit(RLIMIT_CORE, &limit) < 0)
                return -errno;
        if (limit.rlim_cur != 1 || limit.rlim_max != 1)
                return 0;
        if (setrlimit(RLIMIT_CORE, &zero) < 0 || getrlimit(RLIMIT_CORE, &limit) < 0)
                return -errno;
        return limit.rlim_cur == 1 ? -EPERM : 0;
}

static int try_autogroup(const Facts *facts, const Attempt *a) {
        if (!facts->control && getsid(0) != 0)
                return -ESRCH; /* a session of its own */
        return try_open_to_write(facts, a);
}

static const Attempt attempts[] = {
        { "ptrace-reaper", "trace process 1", try_seize },
        { "ptrace-own", "trace a child of its own", try_trace_child },
        { "vm-read-reaper", "process_vm_readv of process 1", try_vm_read, .reaches = EFAULT },
        { "vm-write-reaper", "process_vm_writev of process 1", try_vm_write, .reaches = EFAULT },
        { "getfd-reaper", "take an fd of process 1 (pidfd_getfd)", try_getfd },
        { "madvise-reaper", "process_madvise of process 1", try_madvise },
        { "mrelease-reaper", "process_mrelease of process 1", try_mrelease, .reaches = EINVAL },
        { "kcmp-reaper", "compare itself with process 1 (kcmp)", try_kcmp, .needs = "kcmp" },
        { "prlimit-reaper", "set a resource limit of process 1", try_prlimit },
        { "renice-reaper", "set the priority of process 1", try_renice },
        { "ioprio-reaper", "set the I/O priority of process 1", try_ioprio },
        { "affinity-reaper", "set the processors of process 1", try_affinity },
        { "scheduler-reaper", "set the scheduler of process 1", try_scheduler },
        { "realtime", "real-time scheduling", try_realtime, .needs = "real-time scheduling in this cgroup" },
        { "nice-up", "a better priority", try_nice },
        { "kill-group", "signal the caller's process group", try_kill_group, .asks = true },
        { "kill-host", "signal a process of the host", try_kill_host, .asks = true },
        { "queue-host", "the same by sigqueue", try_queue_host, .asks = true },
        { "pidfd-host", "the same by a pidfd", try_pidfd_host, .asks = true },
        { "nice-group", "set the priority of the caller's process group", try_nice_group, .asks = true },
        { "ioprio-group", "set the I/O priority of the caller's process group", try_ioprio_group, .asks = true },
        { "nice-host", "set the priority of a process of the host", try_nice_host, .asks = true },
        { "core-group", "share a core with the caller's process group", try_core_sched, .needs = "core scheduling" },
        { "core-dump", "have the host handle a core dump (core_pattern)", try_core },
        { "autogroup", "set the priority of the caller's session", try_autogroup, .path = "/proc/self/autogroup",
          .needs = "autogroups" },
};
AREA(area_processes, "Processes outside, and process 1 inside");
