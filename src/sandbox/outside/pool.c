/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "plan/host.h"
#include "plan/unit/pool.h"
#include "sandbox/limits/cgroup.h"
#include "sandbox/outside/keeper.h"
#include "sandbox/outside/pool-below.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

/* Whether the keeper runs. */
static bool is_kept(int fd) {
        _cleanup_free_ char *events = NULL;

        return record_read(fd, "../" POOL_KEEPER "/cgroup.events", &events, NULL) >= 0 &&
               startswith(events, "populated 1\n");
}

/* Returns the fd, -ENOENT if there is no pool, -EAGAIN if it cannot be used (yet), or another -errno. */
static int open_kept(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid())
                return -EPERM;
        return fgetxattr(fd, POOL_ATTRIBUTE, NULL, 0) >= 0 && is_kept(fd) ? TAKE_FD(fd) : -EAGAIN;
}

/* The keeper is not isorun's child, so that isorun does not have to wait for it. */
static int fork_keeper(const Plan *plan, int socket) {
        pid_t pid = fork();

        if (pid == 0) {
                if (fork() == 0)
                        keeper_main(plan, socket);
                _exit(0);
        }
        return pid < 0 || TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0)) < 0 ? -errno : 0;
}

/* Waits until the keeper has made the pool. Returns 0 or -errno, reported unless it is -EEXIST. */
static int await_keeper(const Plan *plan, int socket, Patience *patience, Report *report) {
        struct pollfd fd = { .fd = socket, .events = POLLIN };
        KeeperAnswer answer;

        while (!fd.revents) {
                int r;

                patience_check(patience, (Origin) {}, NULL, "waiting until systemd has started %s", plan->pool);
                r = patience_poll(patience, &fd, 1, -1);
                if (r < 0)
                        return r == -EINTR ? r : report_error(report, -r, "cannot wait for events: %s", strerror(-r));
        }
        if (recv(socket, &answer, sizeof(answer), 0) != sizeof(answer))
                return report_error(report, ECHILD, "the process that keeps %s ended unexpectedly", plan->pool);
        if (answer.error == 0 || answer.error == EEXIST)
                return -answer.error;
        return report_error(report, answer.error, "%s", answer.text);
}

/* Returns 0 and an fd that holds the new pool, or -errno as await_keeper(). */
static int make(const Plan *plan, int *ret_hold, Patience *patience, Report *report) {
        _cleanup_close_ int ours = -1;
        int fds[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return report_error(report, errno, "cannot make a socket pair: %s", strerror(errno));
        ours = fds[0];
        r = fork_keeper(plan, fds[1]);
        fd_close(fds[1]);
        if (r < 0)
                return report_error(report, -r, "cannot fork: %s", strerror(-r));
        r = await_keeper(plan, ours, patience, report);
        if (r >= 0)
                *ret_hold = TAKE_FD(ours);
        return r;
}

/* Another isorun may just make the pool, or the scope of the last one may not be gone yet. */
static int wait_a_moment(Patience *patience) {
        enum { TURN_MSEC = 10 };
        struct pollfd none = { .fd = -1 };
        int r = patience_poll(patience, &none, 1, TURN_MSEC);

        return r < 0 ? r : 0;
}

static int failed(const Plan *plan, const char *path, int error, Report *report) {
        const char *user = plan->user_manager ? " --user" : "";

        if (error == EAGAIN || error == ENOENT)
                return report_error(report, EEXIST, "%s exists, but is no pool in %s: stop it (systemctl%s stop %s), "
                                    "or set the Slice= that it has", plan->pool, path, user, plan->pool);
        if (error == EPERM)
                return report_error(report, EPERM, "the pool %s belongs to another user", path);
        return report_error(report, error, "cannot open the pool %s: %s", path, strerror(error));
}

static int open_scope(const Plan *plan, int *ret_hold, Patience *patience, Report *report) {
        enum { GIVE_UP_USEC = 5000000 };
        _cleanup_free_ char *path = path_join(plan->cgroup_root ?: "", plan->cgroup + 1);
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + GIVE_UP_USEC;
        int fd;

        if (!path)
                return report_oom(report);
        while ((fd = open_kept(path)) < 0) {
                int r = fd == -ENOENT || fd == -EAGAIN ? make(plan, ret_hold, patience, report)
                                                       : failed(plan, path, -fd, report);

                if (r == -EEXIST)
                        r = clock_msec_until(end) == 0 ? failed(plan, path, -fd, report) : wait_a_moment(patience);
                if (r < 0)
                        return r;
        }
        return fd;
}

/* So that no start in that service asks again. */
static void note_undelegated(const Plan *plan) {
        _cleanup_free_ char *path = path_join(plan->cgroup_root, plan->pool_undelegated + 1);

        if (path)
                (void) setxattr(path, HOST_DELEGATED, "0", 1, 0);
}

int pool_open(const Plan *plan, int *ret_hold, Patience *patience, Report *report) {
        if (plan->pool_base)
                return pool_below_open(plan, report);
        if (plan->pool_undelegated)
                note_undelegated(plan);
        return open_scope(plan, ret_hold, patience, report);
}

int pool_attach(const Plan *plan, const Bus *bus, Report *report) {
        _cleanup_free_ char *place = format("/" POOL_INSTANCES "/%s", plan->unit);
        sd_bus_error error = {};
        int r;

        if (!place)
                return report_oom(report);
        /* 0 is the sender: systemd/bus.h */
        r = bus_call_method(bus, &bus_systemd, "AttachProcessesToUnit", &error, NULL, "ssau", plan->pool, place, 1, 0);
        if (r < 0 && r != -EINTR)
                report_error(report, -r, "systemd does not move the process to %s: %s", plan->pool,
                             error.message ?: strerror(-r));
        bus->lib->sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}
