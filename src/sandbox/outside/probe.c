/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/process.h"

static int check(int result) {
        return result < 0 ? errno : 0;
}

static int mount_overlay(void) {
        if (mkdir("/tmp/lower", 0700) < 0 || mkdir("/tmp/place", 0700) < 0)
                return errno;
        return check(mount("overlay", "/tmp/place", "overlay", MS_RDONLY, "lowerdir=/tmp/lower:/tmp/place"));
}

/* In a pid namespace of its own, because the kernel mounts a new /proc only there. */
static void try_mounts(int errors[static _PROBE_MAX]) {
        errors[PROBE_MOUNT] = check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
        if (!errors[PROBE_MOUNT])
                errors[PROBE_MOUNT] = check(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m"));
        if (errors[PROBE_MOUNT])
                return;
        errors[PROBE_PROC] = check(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
        errors[PROBE_OVERLAY] = mount_overlay();
}

static void try_all(int errors[static _PROBE_MAX]) {
        pid_t pid;

        errors[PROBE_USER_NAMESPACE] = -process_unshare_users(0, 0, 0);
        if (errors[PROBE_USER_NAMESPACE])
                return;
        errors[PROBE_NAMESPACES] = check(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                                                 CLONE_NEWUTS | CLONE_NEWCGROUP));
        if (errors[PROBE_NAMESPACES])
                return;
        pid = fork();
        if (pid == 0) {
                try_mounts(errors);
                _exit(0);
        }
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
}

int probe_host(int errors[static _PROBE_MAX]) {
        size_t size = _PROBE_MAX * sizeof(int);
        int *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), status;
        pid_t pid;

        if (shared == MAP_FAILED)
                return -errno;
        for (size_t i = 0; i < _PROBE_MAX; i++)
                shared[i] = ECANCELED;
        pid = fork();
        if (pid == 0) {
                try_all(shared);
                _exit(0);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0) {
                int error = errno;

                munmap(shared, size);
                return -error;
        }
        for (size_t i = 0; i < _PROBE_MAX; i++)
                errors[i] = shared[i];
        munmap(shared, size);
        return 0;
}
