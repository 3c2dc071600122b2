/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "adversary.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PIDFD_GET_NET_NAMESPACE
#define PIDFD_GET_NET_NAMESPACE _IO(0xff, 4)
#endif

static int write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = result(write(fd, text, strlen(text)));
        close(fd);
        return r;
}

/* A pid namespace is for children only: one goes on, and this process ends as it does. */
static void go_on_in_child(void) {
        int status;
        pid_t pid = fork();

        if (pid == 0)
                return;
        if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
                _exit(ECHILD);
        _exit(WEXITSTATUS(status));
}

int own_world(int flags) {
        unsigned uid = getuid(), gid = getgid();
        char map[64];

        if (!(flags & CLONE_NEWUSER) && unshare(flags) == 0) {
                if (flags & CLONE_NEWPID)
                        go_on_in_child();
                return 0;
        }
        if (unshare(CLONE_NEWUSER | flags) < 0)
                return -errno;
        /* Its capabilities do not depend on the maps. */
        (void) write_file("/proc/self/setgroups", "deny");
        (void) snprintf(map, sizeof(map), "%u %u 1", uid, uid);
        (void) write_file("/proc/self/uid_map", map);
        (void) snprintf(map, sizeof(map), "%u %u 1", gid, gid);
        (void) write_file("/proc/self/gid_map", map);
        if (flags & CLONE_NEWPID)
                go_on_in_child();
        return 0;
}

static int try_unshare(const Facts *facts, const Attempt *a) {
        return own_world((int) a->args[0]);
}

static int child_of(pid_t pid) {
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(0);
        return result(waitpid(pid, NULL, 0));
}

static int try_clone(const Facts *facts, const Attempt *a) {
        return child_of((pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int try_clone3(const Facts *facts, const Attempt *a) {
        struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };

        return child_of((pid_t) syscall(SYS_clone3, &args, sizeof(args)));
}

static int try_setns(const Facts *facts, const Attempt *a) {
        int fd = open(a->path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : result(setns(fd, (int) a->args[0]));
}

static int try_setns_pidfd(const Facts *facts, const Attempt *a) {
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        return fd < 0 ? -errno : result(setns(fd, CLONE_NEWUTS));
}

/* Maps the host's root into a user namespace of its own. */
static int try_map_root(const Facts *facts, const Attempt *a) {
        if (unshare(CLONE_NEWUSER) < 0)
                return -errno;
        return write_file("/proc/self/uid_map", "0 0 1");
}

/* A namespace of process 1 by a pidfd, without its file in /proc. */
static int try_pidfd_namespace(const Facts *facts, const Attempt *a) {
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        return fd < 0 ? -errno : result(ioctl(fd, a->args[0], 0));
}

static const Attempt attempts[] = {
        { "ns-mount", "a mount namespace", try_unshare, { CLONE_NEWNS } },
        { "ns-uts", "a namespace for the host's name", try_unshare, { CLONE_NEWUTS } },
        { "ns-ipc", "an ipc namespace", try_unshare, { CLONE_NEWIPC } },
        { "ns-network", "a network namespace", try_unshare, { CLONE_NEWNET } },
        { "ns-pid", "a pid namespace", try_unshare, { CLONE_NEWPID } },
        { "ns-cgroup", "a cgroup namespace", try_unshare, { CLONE_NEWCGROUP } },
        { "ns-time", "a time namespace", try_unshare, { CLONE_NEWTIME }, .needs = "time namespaces" },
        { "ns-user", "a user namespace", try_unshare, { CLONE_NEWUSER } },
        { "ns-clone", "a user namespace, by clone", try_clone },
        { "ns-clone3", "a user namespace, by clone3", try_clone3 },
        { "setns-uts", "setns into its own uts namespace", try_setns, { CLONE_NEWUTS }, .path = "/proc/self/ns/uts" },
        { "setns-mount", "setns into its own mount namespace",
          try_setns, { CLONE_NEWNS }, .path = "/proc/self/ns/mnt" },
        { "setns-reaper", "setns into the namespaces of process 1",
          try_setns, { CLONE_NEWNS }, .path = "/proc/1/ns/mnt" },
        { "setns-pidfd", "the same by a pidfd", try_setns_pidfd },
        { "pidfd-namespace", "a namespace of process 1 by a pidfd", try_pidfd_namespace, { PIDFD_GET_NET_NAMESPACE },
          .needs = "Linux 6.11" },
        { "map-root", "map the host's root into a user namespace", try_map_root },
};
AREA(area_namespaces, "Namespaces");
