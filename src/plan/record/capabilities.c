/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/capabilities.h"

#include <linux/capability.h>
#include <stdio.h>

#include "plan/deny/watch.h"
#include "policy/value/names.h"

#define BIT(c) (UINT64_C(1) << (c))

const uint64_t record_quiet_capabilities =
        BIT(CAP_SYS_RESOURCE) | BIT(CAP_IPC_LOCK) | BIT(CAP_SYS_RAWIO) | BIT(CAP_FSETID) | BIT(CAP_SYS_ADMIN) |
        BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_NICE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
        BIT(CAP_AUDIT_CONTROL) | BIT(CAP_MAC_ADMIN) | BIT(CAP_SYSLOG) | BIT(CAP_CHECKPOINT_RESTORE);

/* Of each call that uses a path, or is about files. */
static const uint64_t of_files = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH);

static const struct {
        uint64_t capabilities;
        const char *calls;
} table[] = {
        { BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | BIT(CAP_FSETID), "chown lchown fchown fchownat" },
        { BIT(CAP_FOWNER) | BIT(CAP_FSETID), "chmod fchmod fchmodat fchmodat2" },
        { BIT(CAP_FOWNER), "unlink unlinkat rmdir rename renameat renameat2 link linkat" },
        { BIT(CAP_FOWNER), "utime utimes futimesat utimensat" },
        { BIT(CAP_FOWNER) | BIT(CAP_SETFCAP) | BIT(CAP_SYS_ADMIN),
          "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr" },
        { BIT(CAP_FOWNER) | BIT(CAP_SYS_PTRACE), "open openat openat2" }, /* O_NOATIME; files of /proc/PID */
        { BIT(CAP_SYS_PTRACE), "readlink readlinkat stat newfstatat statx" },
        { BIT(CAP_FSETID), "truncate ftruncate fallocate" },
        { BIT(CAP_MKNOD), "mknod mknodat" },
        { BIT(CAP_KILL), "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal" },
        { BIT(CAP_SETUID), "setuid setreuid setresuid setfsuid" },
        { BIT(CAP_SETGID), "setgid setregid setresgid setfsgid setgroups" },
        { BIT(CAP_SETPCAP), "capset" },
        { BIT(CAP_SETPCAP) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_SYS_NICE) | BIT(CAP_SYS_ADMIN), "prctl" },
        { BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_RAW), "bind" },
        { BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN), "socket setsockopt getsockopt" },
        { BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SYS_ADMIN),
          "sendto sendmsg sendmmsg" }, /* netlink; SCM_CREDENTIALS */
        { BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_TTY_CONFIG) | BIT(CAP_SYS_RAWIO) |
                  BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_FOWNER), "ioctl" },
        { BIT(CAP_SYS_CHROOT), "chroot" },
        { BIT(CAP_SYS_ADMIN), "mount umount2 pivot_root sethostname setdomainname unshare swapon swapoff quotactl "
                              "quotactl_fd fanotify_init open_tree move_mount fsopen fsmount fsconfig mount_setattr" },
        { BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT), "setns" },
        { BIT(CAP_SYS_TIME), "settimeofday clock_settime adjtimex clock_adjtime stime" },
        { BIT(CAP_SYS_NICE), "setpriority nice sched_setscheduler sched_setparam sched_setattr sched_setaffinity "
                             "move_pages migrate_pages mbind" },
        { BIT(CAP_SYS_NICE) | BIT(CAP_SYS_ADMIN), "ioprio_set" },
        { BIT(CAP_IPC_LOCK), "mlock mlock2 mlockall" },
        { BIT(CAP_IPC_OWNER) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_IPC_LOCK),
          "shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open" },
        { BIT(CAP_SYS_RESOURCE) | BIT(CAP_SYS_PTRACE), "setrlimit prlimit64" },
        { BIT(CAP_SYS_PTRACE), "process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise userfaultfd" },
        { BIT(CAP_DAC_READ_SEARCH), "open_by_handle_at" },
        { BIT(CAP_SYS_ADMIN) | BIT(CAP_PERFMON) | BIT(CAP_BPF) | BIT(CAP_NET_ADMIN), "bpf perf_event_open" },
        { BIT(CAP_WAKE_ALARM), "timer_create timerfd_create" },
        { BIT(CAP_BLOCK_SUSPEND), "epoll_ctl" },
        { BIT(CAP_SYSLOG), "syslog" },
        { BIT(CAP_SYS_PACCT), "acct" },
        { BIT(CAP_SYS_BOOT), "reboot kexec_load kexec_file_load" },
        { BIT(CAP_SYS_MODULE), "init_module finit_module delete_module" },
        { BIT(CAP_SYS_RAWIO), "iopl ioperm" },
        { BIT(CAP_SYS_TTY_CONFIG), "vhangup" },
};

static void add(uint64_t masks[static RECORD_CALLS], const char *call, uint64_t capabilities) {
        const int number = syscall_number(call);

        if (number >= 0 && number < RECORD_CALLS)
                masks[number] |= capabilities;
}

void record_find_capabilities(uint64_t ret[static RECORD_CALLS]) {
        char name[SYSCALL_NAME_MAX];

        memset(ret, 0, RECORD_CALLS * sizeof(*ret));
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                for (const char *c = table[i].calls; *c; c += strspn(c, " ")) {
                        const size_t n = strcspn(c, " ");

                        snprintf(name, sizeof(name), "%.*s", (int) n, c);
                        add(ret, name, table[i].capabilities);
                        c += n;
                }
        for (const WatchedCall *w = watched_calls; w->name; w++)
                if (w->use != USE_CAPABILITY)
                        add(ret, w->name, of_files);
        for (size_t i = 0; i < n_syscall_numbers; i++)
                if (syscall_group_has(syscall_group_find("@file-system"), syscall_numbers[i].name))
                        add(ret, syscall_numbers[i].name, of_files);
}
