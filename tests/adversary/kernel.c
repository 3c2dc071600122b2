/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that change the whole machine, or that reach much of the kernel. They are made so that they do nothing even
 * where all is allowed: an errno that only comes after the check of permission says so. */
#include "adversary.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__
#include <asm/ldt.h>
#endif

static int try_bpf(const Facts *facts, const Attempt *a) {
        union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

        return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int try_perf(const Facts *facts, const Attempt *a) {
        struct perf_event_attr attr = {
                .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK,
                .exclude_kernel = 1,
        };

        return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static int try_io_uring(const Facts *facts, const Attempt *a) {
        struct io_uring_params params = { 0 };

        return result(syscall(SYS_io_uring_setup, 1, &params));
}

static int try_adjtime(const Facts *facts, const Attempt *a) {
        struct timex timex = { 0 };

        if (adjtimex(&timex) < 0)
                return -errno;
        timex.modes = ADJ_TICK;
        return result(adjtimex(&timex));
}

static int try_settime(const Facts *facts, const Attempt *a) {
        return result(syscall(SYS_settimeofday, NULL, NULL));
}

static int try_modify_ldt(const Facts *facts, const Attempt *a) {
#ifdef __x86_64__
        struct user_desc desc = { .entry_number = 0, .limit = 1, .seg_32bit = 1 };

        return result(syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)));
#else
        return -ENOSYS;
#endif
}

/* exit(0) by i386's numbers. */
static int try_int80(const Facts *facts, const Attempt *a) {
#ifdef __x86_64__
        long r;

        asm volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory"); /* getpid */
        return r == getpid() ? 0 : -ENOSYS;
#else
        return -ENOSYS;
#endif
}

static int try_x32(const Facts *facts, const Attempt *a) {
        return result(syscall(0x40000000L | SYS_getpid));
}

static int try_vhangup(const Facts *facts, const Attempt *a) {
        (void) setsid(); /* in the control, it is not to be the terminal of the process outside */
        return result(vhangup());
}

static const Attempt attempts[] = {
        { "bpf", "make a map of bpf", try_bpf },
        { "perf", "perf_event_open", try_perf, .needs = "perf" },
        { "io-uring", "io_uring_setup", try_io_uring, .needs = "io_uring" },
        { "userfaultfd", "userfaultfd", CALL(SYS_userfaultfd, UFFD_USER_MODE_ONLY), .needs = "userfaultfd" },
        { "init-module", "load a kernel module", CALL(SYS_init_module, 0, 0, 0), .reaches = ENOEXEC,
          .needs = "kernel modules" },
        { "finit-module", "load a kernel module from an fd", CALL(SYS_finit_module, -1UL, 0, 0), .reaches = EBADF,
          .needs = "kernel modules" },
        { "delete-module", "unload a kernel module", CALL(SYS_delete_module, 0, O_NONBLOCK), .reaches = EFAULT,
          .needs = "kernel modules" },
        { "kexec", "load another kernel", CALL(SYS_kexec_load, 0, 0, 0, -1UL), .reaches = EINVAL, .needs = "kexec" },
        { "kexec-file", "load another kernel from an fd", CALL(SYS_kexec_file_load, -1UL, -1UL, 0, 0, -1UL),
          .reaches = EINVAL, .needs = "kexec" },
        { "reboot", "reboot", CALL(SYS_reboot, 0, 0, 0, 0), .reaches = EINVAL },
        { "swapon", "swap to a file", CALL(SYS_swapon, 0, 0), .reaches = EFAULT, .needs = "swap" },
        { "swapoff", "stop swapping", CALL(SYS_swapoff, 0), .reaches = EFAULT, .needs = "swap" },
        { "acct", "account for processes in a file", CALL(SYS_acct, 1), .reaches = EFAULT,
          .needs = "process accounting" },
        { "quotactl", "set quotas", CALL(SYS_quotactl, QCMD(Q_QUOTAON, USRQUOTA), 1, 0, 0), .reaches = EFAULT,
          .needs = "quotas" },
        { "syslog", "read the kernel's log", CALL(SYS_syslog, 3, 1, 0), .reaches = EINVAL },
        { "iopl", "access to I/O ports", CALL(SYS_iopl, 3), .needs = "x86" },
        { "ioperm", "access to one I/O port", CALL(SYS_ioperm, 0x80, 1, 1), .needs = "x86" },
        { "modify-ldt", "segments of its own", try_modify_ldt, .needs = "x86" },
        { "int80", "a call by i386's numbers", try_int80, .needs = "32-bit calls" },
        { "x32", "a call by x32's numbers", try_x32, .needs = "x32" },
        { "personality", "addresses that are not random", CALL(SYS_personality, ADDR_NO_RANDOMIZE) },
        { "settimeofday", "set the time", try_settime },
        { "clock-settime", "set the time of a clock", CALL(SYS_clock_settime, CLOCK_REALTIME, 1), .reaches = EFAULT },
        { "adjtimex", "change the pace of the clock", try_adjtime },
        { "wake-alarm", "a timer that wakes the machine", CALL(SYS_timerfd_create, CLOCK_BOOTTIME_ALARM, 0),
          .needs = "a real-time clock" },
        { "sethostname", "set the host's name", CALL(SYS_sethostname, (unsigned long) "x", 1) },
        { "setdomainname", "set the domain's name", CALL(SYS_setdomainname, (unsigned long) "x", 1) },
        { "fanotify", "watch a file system by fanotify",
          CALL(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY),
          .needs = "fanotify" },
        { "vhangup", "hang up the terminal", try_vhangup },
        { "mlock", "lock memory", CALL(SYS_mlockall, MCL_CURRENT) },
        { "mbind", "place memory", CALL(SYS_set_mempolicy, 0, 0, 0), .needs = "NUMA" },
        { "memfd-secret", "memory that the kernel itself cannot read", CALL(SYS_memfd_secret, 0),
          .needs = "memfd_secret" },
};
AREA(area_kernel, "System calls");
