/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "adversary.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Addresses, not the zeros of one who may not see them. */
static int try_kallsyms(const Facts *facts, const Attempt *a) {
        FILE *f = fopen("/proc/kallsyms", "re");
        unsigned long address = 0;
        int n;

        if (!f)
                return -errno;
        n = fscanf(f, "%lx", &address);
        while (n == 1 && address == 0 && fscanf(f, "%*[^\n]") == 0)
                n = fscanf(f, "%lx", &address);
        fclose(f);
        return address != 0 ? 0 : -EPERM;
}

static int try_open(const Facts *facts, const Attempt *a) {
        int fd = open(a->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        return fd < 0 ? -errno : close(fd);
}

static int try_readlink(const Facts *facts, const Attempt *a) {
        char path[4096];

        return result(readlink(a->path, path, sizeof(path)));
}

/* Writes what is there already. */
static int try_rewrite(const Facts *facts, const Attempt *a) {
        int fd = open(a->path, O_RDWR | O_CLOEXEC), r;
        char text[32];
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, text, sizeof(text));
        r = n < 0 ? -errno : result(pwrite(fd, text, (size_t) n, 0));
        close(fd);
        return r;
}

static int try_oom_score(const Facts *facts, const Attempt *a) {
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = result(write(fd, "-900", 4));
        close(fd);
        return r;
}

static bool has_word(int proc, const char *pid, const char *word) {
        char path[300], text[65536];
        int fd;
        ssize_t n;

        (void) snprintf(path, sizeof(path), "%s/cmdline", pid);
        fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        n = read(fd, text, sizeof(text));
        close(fd);
        return n > 0 && memmem(text, (size_t) n, word, strlen(word));
}

/* The suite passes this word to isorun, as the value of a credential. */
static int try_command_line(const Facts *facts, const Attempt *a) {
        static const char word[] = { 'p', 'a', 's', 's', '-', 'p', 'h', 'r', 'a', 's', 'e', 0 };
        DIR *d = opendir("/proc");
        struct dirent *entry;
        int r = -ENODATA;

        if (!d)
                return -errno;
        while (r < 0 && (entry = readdir(d)))
                if (isdigit(entry->d_name[0]) && has_word(dirfd(d), entry->d_name, word))
                        r = 0;
        closedir(d);
        return r;
}

static const Attempt attempts[] = {
        { "proc-kcore", "read the kernel's memory (/proc/kcore)", try_read, .path = "/proc/kcore",
          .needs = "a kernel with kcore" },
        { "proc-kallsyms", "read the kernel's addresses (/proc/kallsyms)",
          try_kallsyms, .needs = "a kernel that shows them" },
        { "proc-kpagecount", "read /proc/kpagecount", try_read, .path = "/proc/kpagecount", .needs = "kpagecount" },
        { "proc-kpageflags", "read /proc/kpageflags", try_read, .path = "/proc/kpageflags", .needs = "kpageflags" },
        { "proc-slabinfo", "read /proc/slabinfo", try_read, .path = "/proc/slabinfo", .needs = "slabinfo" },
        { "proc-vmallocinfo", "read /proc/vmallocinfo", try_read, .path = "/proc/vmallocinfo" },
        { "proc-timers", "read /proc/timer_list", try_read, .path = "/proc/timer_list", .needs = "timer_list" },
        { "proc-keys", "read the list of keys (/proc/keys)", try_read, .path = "/proc/keys" },
        { "proc-kmsg", "open the kernel's log (/proc/kmsg)", try_open, .path = "/proc/kmsg" },
        { "proc-sysrq", "open /proc/sysrq-trigger for writing", try_open_to_write, .path = "/proc/sysrq-trigger",
          .needs = "sysrq" },
        { "sys-core-pattern", "open core_pattern for writing", try_open_to_write,
          .path = "/proc/sys/kernel/core_pattern" },
        { "sys-modprobe", "open kernel.modprobe for writing", try_open_to_write, .path = "/proc/sys/kernel/modprobe",
          .needs = "kernel modules" },
        { "sys-suid-dumpable", "open fs.suid_dumpable for writing", try_open_to_write,
          .path = "/proc/sys/fs/suid_dumpable" },
        { "sys-drop-caches", "open vm.drop_caches for writing", try_open_to_write, .path = "/proc/sys/vm/drop_caches" },
        { "sys-last-pid", "choose the next pid of the namespace (ns_last_pid)", try_rewrite,
          .path = "/proc/sys/kernel/ns_last_pid", .needs = "checkpoint and restore" },
        { "sys-user-max", "raise a bound of its user namespace (user.max_inotify_instances)", try_rewrite,
          .path = "/proc/sys/user/max_inotify_instances", .needs = "CAP_SYS_RESOURCE" },
        { "sys-ip-forward", "open net.ipv4.ip_forward for writing", try_open_to_write,
          .path = "/proc/sys/net/ipv4/ip_forward" },
        { "binfmt", "register a binary format (binfmt_misc)", try_open_to_write,
          .path = "/proc/sys/fs/binfmt_misc/register", .needs = "binfmt_misc" },
        { "uevent-helper", "open uevent_helper for writing", try_open_to_write, .path = "/sys/kernel/uevent_helper",
          .needs = "uevent_helper" },
        { "sys-power", "open /sys/power/state for writing", try_open_to_write, .path = "/sys/power/state",
          .needs = "power states" },
        { "sys-profiling", "open /sys/kernel/profiling for writing", try_open_to_write,
          .path = "/sys/kernel/profiling", .needs = "a kernel with profiling" },
        { "cgroupfs", "open the host's cgroup.procs for writing", try_open_to_write,
          .path = "/sys/fs/cgroup/cgroup.procs" },
        { "oom-score", "lower its score for the OOM killer", try_oom_score, .needs = "CAP_SYS_RESOURCE" },
        { "command-line", "read the arguments of isorun", try_command_line },
        { "reaper-environ", "read the environment of process 1", try_read, .path = "/proc/1/environ" },
        { "reaper-maps", "read the memory map of process 1", try_read, .path = "/proc/1/maps" },
        { "reaper-mem", "open the memory of process 1", try_open, .path = "/proc/1/mem" },
        { "reaper-root", "look into the root of process 1", try_list, .path = "/proc/1/root/" },
        { "reaper-cwd", "see the working directory of process 1", try_readlink, .path = "/proc/1/cwd" },
        { "reaper-exe", "open the program of process 1", try_open, .path = "/proc/1/exe" },
        { "reaper-fd", "see an open file of process 1", try_readlink, .path = "/proc/1/fd/0" },
        { "reaper-ns", "open a namespace of process 1", try_open, .path = "/proc/1/ns/net" },
        { "reaper-oom", "open the OOM score of process 1 for writing", try_open_to_write,
          .path = "/proc/1/oom_score_adj" },
};
AREA(area_proc, "/proc and /sys");
