/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/root/id-mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sandbox/root/mount.h"
#include "sandbox/who/id-maps.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"

/* The child only keeps its user namespace alive, until isorun kills it. If isorun dies first, the kernel kills the
 * child; if isorun has died before prctl(2), the child has another parent. */
_Noreturn static void wait_to_be_killed(pid_t parent) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        while (getppid() == parent)
                pause();
        _exit(0);
}

/* Writes the payload's id maps to the user namespace of process pid, and opens it. The namespace lives as long as the
 * fd. */
static int open_namespace(const Plan *plan, int proc, pid_t pid) {
        char path[32];
        int r, fd;

        r = id_maps_write_inner(plan, proc, pid);
        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "%d/ns/user", pid);
        fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int id_mapped_make_namespace(const Plan *plan) {
        _cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
        pid_t parent = getpid(), pid;
        int fd;

        if (proc < 0)
                return -errno;
        pid = sys_clone3(&args);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                wait_to_be_killed(parent);
        fd = open_namespace(plan, proc, pid);
        (void) kill(pid, SIGKILL);
        (void) TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
        return fd;
}

static int make_mount(int root, int users, const PlanMount *m, Report *report) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) users };
        unsigned flags = AT_EMPTY_PATH | (m->attributes.recursive ? AT_RECURSIVE : 0);
        const char *path = m->source.path;
        _cleanup_close_ int source = open_in(root, path[1] ? path + 1 : ".", 0, 0), copy = -1;

        copy = source < 0 ? source : mount_clone(source, m->attributes);
        if (copy < 0)
                return report_error_at(report, m->origin, m->key, -copy, "cannot bind %s: %s", path, strerror(-copy));
        if (mount_setattr(copy, "", flags, &attr, sizeof(attr)) < 0)
                return report_error_at(report, m->origin, m->key, errno, "cannot idmap %s: %s%s", path,
                                       strerror(errno), errno == EINVAL ? " (not every file system supports it)" : "");
        return TAKE_FD(copy);
}

static bool is_wanted(const Plan *plan) {
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].source.kind == SOURCE_ID_MAPPED)
                        return true;
        return false;
}

static int make_all(const Plan *plan, int *fds, Report *report) {
        _cleanup_close_ int users = id_mapped_make_namespace(plan), root = -1;

        if (users < 0)
                return report_error(report, -users, "cannot make a user namespace for idmapped mounts: %s",
                                    strerror(-users));
        root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return report_error(report, errno, "cannot open /: %s", strerror(errno));
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].source.kind == SOURCE_ID_MAPPED) {
                        fds[i] = make_mount(root, users, &plan->mounts[i], report);
                        if (fds[i] < 0)
                                return fds[i];
                }
        return 0;
}

int id_mapped_make(const Plan *plan, int **ret, Report *report) {
        int *fds, r;

        *ret = NULL;
        if (!is_wanted(plan))
                return 0;
        fds = malloc(plan->n_mounts * sizeof(int));
        if (!fds)
                return report_oom(report);
        for (size_t i = 0; i < plan->n_mounts; i++)
                fds[i] = -1;
        r = make_all(plan, fds, report);
        if (r < 0) {
                id_mapped_free(plan, fds);
                return r;
        }
        *ret = fds;
        return 0;
}

int *id_mapped_free(const Plan *plan, int *fds) {
        for (size_t i = 0; fds && i < plan->n_mounts; i++)
                fd_close(fds[i]);
        free(fds);
        return NULL;
}
