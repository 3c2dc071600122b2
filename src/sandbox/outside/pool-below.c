/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/pool-below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "plan/host.h"
#include "plan/unit/controllers.h"
#include "plan/unit/name.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/outside/keeper.h"
#include "util/fd.h"
#include "util/path.h"

#define POOL_CALLERS "callers"

/* Whether a controller of the cgroup is not on for its children. */
static bool lacks_controllers(int base) {
        _cleanup_free_ char *there = NULL, *on = NULL;
        char *position = NULL;

        if (file_read(base, "cgroup.controllers", &there, NULL) < 0 ||
            file_read(base, "cgroup.subtree_control", &on, NULL) < 0)
                return false;
        for (char *w = strtok_r(there, " \n", &position); w; w = strtok_r(NULL, " \n", &position))
                if (!controllers_have(on, w))
                        return true;
        return false;
}

/* Moves the processes of the service's own cgroup to another one below it. A process may fork meanwhile, and its child
 * is then in the cgroup that the process had. Returns whether the cgroup has no processes any more. */
static bool move_processes(int base, int callers) {
        enum { TURNS_MAX = 100 };

        for (unsigned i = 0; i < TURNS_MAX; i++) {
                _cleanup_free_ char *pids = NULL;
                char *position = NULL;

                if (file_read(base, "cgroup.procs", &pids, NULL) < 0)
                        return false;
                if (!*pids)
                        return true;
                for (char *pid = strtok_r(pids, "\n", &position); pid; pid = strtok_r(NULL, "\n", &position))
                        (void) file_write(callers, "cgroup.procs", pid); /* it may have ended */
        }
        return false;
}

/* Without systemd, whoever has delegated the cgroup decides where its processes are. */
static void make_room(const Plan *plan, int base) {
        _cleanup_close_ int callers = -1;
        _cleanup_free_ char *pids = NULL;

        if (!plan_unit_is_service(plan->pool) || file_read(base, "cgroup.procs", &pids, NULL) < 0 || !*pids)
                return;
        callers = cgroup_make_below(base, POOL_CALLERS, O_PATH);
        if (callers >= 0)
                (void) move_processes(base, callers);
}

/* Whatever fails here shows when the limits are read back. */
static int prepare(const Plan *plan, int base, int pool) {
        if (lacks_controllers(base)) {
                make_room(plan, base);
                cgroup_enable_all(base);
        }
        cgroup_enable_all(pool);
        if (plan->user_manager)
                (void) fsetxattr(base, HOST_DELEGATED, "1", 1, 0); /* so that no start asks again */
        return fsetxattr(pool, POOL_ATTRIBUTE, "1", 1, 0) < 0 ? -errno : 0;
}

static int open_place(const char *path, struct stat *st) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 || fstat(fd, st) < 0)
                return -errno;
        return st->st_uid == geteuid() ? TAKE_FD(fd) : -EPERM;
}

/* The cgroup that the pool is in. Returns the fd or -errno: -ESTALE if it is gone, because nobody makes it again. */
static int open_base(const char *path) {
        struct stat st;
        int fd = open_place(path, &st);

        return fd == -ENOENT || fd == -ENODEV ? -ESTALE : fd;
}

/* Returns the fd or -errno. */
static int open_pool(const Plan *plan) {
        _cleanup_free_ char *base_path = path_join(plan->cgroup_root, plan->pool_base + 1),
                            *path = path_join(plan->cgroup_root, plan->cgroup + 1);
        _cleanup_close_ int base = -1, pool = -1;
        struct stat st;
        int r;

        if (!base_path || !path)
                return -ENOMEM;
        pool = open_place(path, &st);
        if (pool == -ENOENT) {
                base = open_base(base_path);
                pool = base < 0 ? base : cgroup_make_below(base, path_name(path), O_RDONLY);
        }
        if (pool < 0)
                return pool;
        if (fgetxattr(pool, POOL_ATTRIBUTE, NULL, 0) < 0) {
                if (base < 0)
                        base = open_base(base_path);
                r = base < 0 ? base : prepare(plan, base, pool);
                return r < 0 ? r : TAKE_FD(pool);
        }
        cgroup_sweep_some(path, st.st_nlink);
        return TAKE_FD(pool);
}

int pool_below_open(const Plan *plan, Report *report) {
        int r = open_pool(plan);

        if (r == -EPERM)
                return report_error(report, EPERM, "the pool %s belongs to another user", plan->cgroup);
        if (r == -ESTALE)
                return report_error(report, ESTALE, "cannot make the pool %s: %s", plan->cgroup,
                                    plan_unit_is_service(plan->pool) ? "its service has ended" :
                                                                       "the cgroup that it is in is gone");
        if (r < 0 && r != -ENOENT && r != -ENODEV)
                return report_error(report, -r, "cannot make the pool %s: %s", plan->cgroup, strerror(-r));
        return r;
}

void pool_below_leave(const Plan *plan) {
        _cleanup_free_ char *path = plan->pool_base ? path_join(plan->cgroup_root, plan->cgroup + 1) : NULL;

        /* What is left was of an isorun that was killed. */
        if (!path || rmdir(path) >= 0 || !cgroup_is_empty(path))
                return;
        cgroup_sweep(path);
        (void) rmdir(path);
}
