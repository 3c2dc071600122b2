/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/socket.h>

#include "oci/inside/init.h"
#include "oci/interrupts.h"
#include "oci/outside/cgroup.h"
#include "oci/outside/container.h"
#include "oci/outside/listener.h"
#include "oci/outside/scope.h"
#include "oci/outside/spawn.h"
#include "oci/outside/steps.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/process.h"
#include "util/text.h"

/* A user without rights over groups has denied setgroups(2) when the container was made: user_namespaces(7). */
static bool groups_denied(const State *state) {
        _cleanup_free_ char *path = format("/proc/%d/setgroups", state->pid), *value = NULL;

        return path && file_read_line(AT_FDCWD, path, &value) >= 0 && streq(value, "deny");
}

/* i: 0 before the process is in the cgroup, 1 then. pid 0: this process, whose children get it. */
static int set_cpus(const SpecProcess *process, unsigned i, pid_t pid, Report *report) {
        if (!process->exec_cpus[i] || sched_setaffinity(pid, sizeof(cpu_set_t), process->exec_cpus[i]) >= 0)
                return 0;
        return report_error(report, errno, "cannot set execCPUAffinity/%s of the process: %s", i ? "final" : "initial",
                            strerror(errno));
}

static int set_up(const ExecRequest *request, int socket, const Console *console, pid_t pid, Report *report) {
        int r;

        r = steps_send(socket, MESSAGE_MAPPED, report);
        if (r >= 0)
                r = steps_hear(socket, console, NULL, report);
        if (r >= 0)
                report_own_step(report, "the process is in the container");
        if (r >= 0)
                r = steps_set_limits(request->process, pid, report);
        if (r >= 0)
                r = set_cpus(request->process, 1, pid, report);
        if (r >= 0 && request->pidfd_socket)
                r = steps_send_pidfd(request->pidfd_socket, "setns", pid, report);
        if (r >= 0 && request->pid_file)
                r = steps_write_pid(request->pid_file, pid, report);
        if (r >= 0)
                r = steps_send(socket, MESSAGE_GO, report);
        return r;
}

static int make(const State *state, const Spec *spec, const ExecRequest *request, int pidfd, int cgroup, pid_t *ret,
                Report *report) {
        Init init = { .spec = spec, .process = request->process, .start = -1, .notify = -1,
                      .preserved = request->preserved, .keyring = request->keyring,
                      .signal_mask = request->signal_mask, .ignored = process_ignored_signals() };
        _cleanup_close_ int own = -1, engine = -1;
        Console console;
        int fds[2], r;
        pid_t pid;

        init.groups_denied = spec_has_user_namespace(spec) && groups_denied(state);
        r = steps_check_security(request->process, report);
        if (r >= 0)
                r = set_cpus(request->process, 0, 0, report);
        if (r >= 0)
                r = steps_connect_console(request->process, &request->console, &console, report);
        if (r < 0)
                return r;
        engine = console.socket;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return report_error(report, errno, "cannot make a socket pair: %s", strerror(errno));
        /* systemd moves a process to the scope's own cgroup only. */
        init.socket = fds[1];
        pid = spawn_in_container(state, &init, pidfd, cgroup,
                                 state->systemd && !request->cgroup ? container_scope_attach : NULL, report);
        if (pid == 0)
                init_enter(&init);
        fd_close(fds[1]);
        own = fds[0];
        if (pid < 0)
                return pid;
        r = set_up(request, own, &console, pid, report);
        if (r >= 0)
                r = listener_await_executed(state, spec, pid, own, NULL, report);
        if (r < 0)
                interrupts_kill(pid);
        else
                *ret = pid;
        return r;
}

/* A path in the container's cgroup, as the caller asks for it. */
static int open_cgroup_below(int fd, const char *path, Report *report) {
        const struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                                      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
        _cleanup_free_ char *absolute = path_join("/", path);
        int below;

        if (!absolute)
                return report_oom(report);
        if (!path_is_safe(absolute))
                return report_error(report, EXDEV, "--cgroup: bad sub cgroup path %s: `..` components are not allowed",
                                    path);
        path += strspn(path, "/");
        below = sys_openat2(fd, *path ? path : ".", &how);
        return below < 0 ? report_error(report, errno, "--cgroup: cannot open %s below the container's cgroup: %s",
                                        path, strerror(errno)) : below;
}

/* A container that is a system of its own, such as one with systemd, has moved its first process to a cgroup below, and
 * given controllers to those below: then no process can be in the one above (cgroup-v2.rst, "No Internal Process
 * Constraint"). */
static bool has_given_controllers(int fd) {
        _cleanup_free_ char *controllers = NULL;

        return file_read(fd, "cgroup.subtree_control", &controllers, NULL) >= 0 && *controllers > ' ';
}

static int open_cgroup(const State *state, const char *asked, Report *report) {
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *path = NULL;
        int r;

        fd = container_cgroup_open(state, report);
        if (fd < 0)
                return fd;
        if (asked)
                return open_cgroup_below(fd, asked, report);
        if (!has_given_controllers(fd))
                return TAKE_FD(fd);
        r = process_cgroup(state->pid, &path);
        if (r < 0)
                return report_error(report, -r, "cannot find the cgroup of the first process of %s: %s", state->id,
                                    strerror(-r));
        if (!path_is_at_or_below(path, state->cgroup))
                return report_error(report, EINVAL, "cannot execute in %s: its first process has left its cgroup %s",
                                    state->id, state->cgroup);
        return container_cgroup_open_path(path, report);
}

int container_exec(const State *state, const Spec *spec, const ExecRequest *request, pid_t *ret, Report *report) {
        _cleanup_close_ int pidfd = -1, cgroup = -1;
        Status status;
        int r = state_status(state, &status, &pidfd, report);

        if (r < 0)
                return r;
        if (status == STATUS_STOPPED)
                return report_error(report, EINVAL, "cannot execute in %s: it is stopped", state->id);
        if (status == STATUS_PAUSED && !request->paused)
                return report_error(report, EINVAL, "cannot exec in a paused container: resume %s first", state->id);
        cgroup = state->cgroup ? open_cgroup(state, request->cgroup, report) : -1;
        if (state->cgroup && cgroup < 0)
                return cgroup;
        if (!state->cgroup && request->cgroup)
                return report_error(report, EOPNOTSUPP, "--cgroup: %s does not have a cgroup", state->id);
        return make(state, spec, request, pidfd, cgroup, ret, report);
}
