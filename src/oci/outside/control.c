/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "oci/hook/hook.h"
#include "oci/interrupts.h"
#include "oci/outside/cgroup.h"
#include "oci/outside/container.h"
#include "oci/outside/listener.h"
#include "oci/outside/steps.h"
#include "oci/spec/load.h"
#include "util/fd.h"
#include "util/kernel.h"

static int connect_start(const State *state, Report *report) {
        const struct sockaddr_un address = state_socket_address(state);
        int fd = steps_connect_to(SOCK_SEQPACKET, &address);

        return fd < 0 ? report_error(report, -fd, "cannot start %s: its first process does not wait for that: %s",
                                     state->id, strerror(-fd)) : fd;
}

/* Their failure changes nothing: the command has ended. */
static void run_poststop(const Spec *spec, const State *state, Report *report) {
        const HookState stopped = { state->id, status_name(STATUS_STOPPED), 0, NULL };

        (void) hooks_run_all(spec, SPEC_POSTSTOP, &stopped, report);
}

/* Of a container that was left half made, there may be no config.json. create has printed the notices about it. */
static bool load_quietly(const State *state, Spec *ret) {
        Report quiet = {};

        return spec_load_copy(state->directory, state->bundle, ret, &quiet) >= 0;
}

static int run_started(const Spec *spec, const HookState *state, Report *report) {
        char error[HOOK_ERROR_MAX];
        int r;

        if (spec->minor < 3)
                return hooks_run_all(spec, SPEC_POSTSTART, state, report);
        r = hooks_run(spec, SPEC_POSTSTART, state, error);
        return r < 0 ? report_error(report, -r, "error running poststart hook %s", error) : 0;
}

/* If one fails, the container is removed. So says runtime.md, "Lifecycle", since version 1.3 of the specification. In
 * older ones, such a failure is a warning. */
static int run_poststart(const Spec *spec, const State *state, Report *report) {
        int r = run_started(spec, &(HookState) { state->id, status_name(STATUS_RUNNING), state->pid, NULL }, report);

        if (r < 0)
                (void) container_delete(state, spec, true, report);
        return r;
}

static int load_and_run_poststart(const State *state, Report *report) {
        Spec spec = {};
        int r = load_quietly(state, &spec) ? run_poststart(&spec, state, report) : 0;

        spec_deinit(&spec);
        return r;
}

static int check_created(const State *state, Report *report) {
        Status status;
        int r = state_status(state, &status, NULL, report);

        if (r < 0 || status == STATUS_CREATED)
                return r;
        return report_error(report, EINVAL, "cannot start %s: it is %s, not created", state->id, status_name(status));
}

int container_start(const State *state, int *ret_notify, Report *report) {
        _cleanup_close_ int fd = -1, notify = -1;
        int r = check_created(state, report);

        if (r < 0)
                return r;
        fd = connect_start(state, report);
        if (fd < 0)
                return fd;
        (void) unlinkat(state->directory, STATE_SOCKET, 0);
        r = listener_await_executed(state, NULL, state->pid, fd, &notify, report);
        /* A hook of startContainer may run, which nobody would hear of any more. */
        if (r == -EINTR)
                (void) container_kill(state, SIGKILL, false, report);
        if (r >= 0)
                r = load_and_run_poststart(state, report);
        if (r >= 0)
                *ret_notify = TAKE_FD(notify);
        return r;
}

int container_await_start(const State *state, const Spec *spec, int connection, int *ret_notify, Report *report) {
        _cleanup_close_ int notify = -1;
        int r = listener_await_executed(state, NULL, state->pid, connection, &notify, report);

        fd_close(connection);
        if (r >= 0)
                r = run_poststart(spec, state, report);
        if (r >= 0)
                *ret_notify = TAKE_FD(notify);
        return r;
}

/* Whether the end of the first process ends all others. */
static bool has_own_pids(const State *state) {
        Spec spec = {};
        bool own = !load_quietly(state, &spec) || spec.new_namespaces & CLONE_NEWPID;

        spec_deinit(&spec);
        return own;
}

static bool has_ended(const State *state) {
        Report quiet = {};
        Status status;

        return state_status(state, &status, NULL, &quiet) >= 0 && status == STATUS_STOPPED;
}

/* Returns 1 if the container has ended, and its cgroup went with it. Kubernetes signals all of such a container once
 * more, and keeps it for good if that fails; and it may end at this moment. */
static int kill_by_cgroup(const State *state, int sig, Report *report) {
        Report first = {};
        int r = container_cgroup_kill(state, sig, &first);

        if (r < 0 && container_cgroup_is_gone(state) && has_ended(state) &&
            (container_cgroup_is_visible(state) || has_own_pids(state)))
                return 1;
        return r < 0 ? report_error(report, -r, "%s", first.first.text) : 0;
}

int container_kill(const State *state, int sig, bool all, Report *report) {
        _cleanup_close_ int pidfd = -1;
        Status status;
        int r = state_status(state, &status, &pidfd, report);

        if (r < 0)
                return r;
        if (state->cgroup && (all || (sig == SIGKILL && !has_own_pids(state)))) {
                r = kill_by_cgroup(state, sig, report);
                if (r <= 0 || all || pidfd >= 0)
                        return r < 0 ? r : 0;
        }
        if (all && sig != SIGKILL)
                return report_error(report, EOPNOTSUPP, "cannot signal all processes of %s: it does not have a cgroup "
                                    "(KILL ends all)", state->id);
        if (all && !state->cgroup && !has_own_pids(state))
                return report_error(report, EOPNOTSUPP, "cannot kill all processes of %s: it has neither a cgroup nor "
                                    "a private pid namespace", state->id);
        /* containerd looks for these words. */
        if (pidfd < 0)
                return report_error(report, ESRCH, "cannot kill %s: container not running", state->id);
        if (sys_pidfd_send_signal(pidfd, sig) < 0)
                return report_error(report, errno, "cannot kill %s: %s", state->id, strerror(errno));
        return 0;
}

/* The end of the first process ends all others of its pid namespace. */
static int end(const State *state, int pidfd, Report *report) {
        int r;

        if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
                return report_error(report, errno, "cannot kill %s: %s", state->id, strerror(errno));
        r = interrupts_await_end(pidfd, POLLIN, -1);
        return r < 0 ? report_error(report, -r, "cannot wait for the end of %s: %s", state->id, strerror(-r)) : 0;
}

/* No isorun-oci makes such a container: see check_without_cgroup() of create.c. But state.json may be another one's. */
static int check_findable(const State *state, Report *report) {
        if (state->cgroup || has_own_pids(state))
                return 0;
        return report_error(report, EOPNOTSUPP, "cannot delete %s: it has neither a cgroup nor a private pid "
                            "namespace, so its processes cannot be found (end them, and remove %s/%s)", state->id,
                            state->root, state->id);
}

/* The state stays, so that delete can be tried again. */
static int remove_cgroup(const State *state, Report *report) {
        int r = container_cgroup_remove(state);

        /* Those of another container are there only since this one's have ended. But a container without a pid
         * namespace might have changed what says whose the cgroup is. */
        if ((r == -ESTALE || (r == -EXDEV && !state->half)) && has_own_pids(state))
                return 0;
        if (r == -EXDEV)
                return report_error(report, EXDEV, "cannot delete %s: processes in its cgroup %s may live still, but "
                                    "/sys/fs/cgroup is not the tree that it was made in", state->id, state->cgroup);
        return r < 0 ? report_error(report, -r, "cannot delete %s: processes in its cgroup %s may live still: %s",
                                    state->id, state->cgroup, strerror(-r)) : 0;
}

int container_delete_half(const State *state, Report *report) {
        _cleanup_close_ int pidfd = -1;
        Status status;
        int r = 0;

        if (!state->cgroup && state->pid > 0)
                r = state_status(state, &status, &pidfd, report);
        if (r >= 0 && pidfd >= 0)
                r = end(state, pidfd, report);
        if (r >= 0 && state->cgroup)
                r = remove_cgroup(state, report);
        if (r >= 0)
                r = state_remove(state, report);
        return r < 0 ? r : 0;
}

int container_delete(const State *state, const Spec *spec, bool force, Report *report) {
        _cleanup_close_ int pidfd = -1;
        Spec copy = {};
        Status status;
        int r;

        if (state_is_removed(state))
                return 0;
        r = state_status(state, &status, &pidfd, report);
        if (r >= 0 && (status == STATUS_RUNNING || status == STATUS_PAUSED) && !force)
                return report_error(report, EBUSY, "cannot delete %s: it is %s (--force kills it)", state->id,
                                    status_name(status));
        if (r >= 0)
                r = check_findable(state, report);
        if (r >= 0 && pidfd >= 0)
                r = end(state, pidfd, report);
        if (r >= 0 && state->cgroup)
                r = remove_cgroup(state, report);
        if (r < 0)
                return r;
        if (!spec && load_quietly(state, &copy))
                spec = &copy;
        r = state_remove(state, report);
        if (r > 0 && spec)
                run_poststop(spec, state, report);
        spec_deinit(&copy);
        return r < 0 ? r : 0;
}
