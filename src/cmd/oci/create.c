/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/container/container-policy.h"
#include "cmd/oci/command.h"
#include "oci/interrupts.h"
#include "oci/outside/container.h"
#include "oci/outside/ready.h"
#include "oci/outside/sources.h"
#include "oci/spec/load.h"
#include "util/fd.h"
#include "util/strv.h"

static int read_request(const OciCall *call, CreateRequest *ret) {
        *ret = (CreateRequest) { .root = call->root, .id = call->id, .systemd = call->systemd,
                                 .no_cgroup = call->no_cgroup, .notifies = oci_notify_address(),
                                 .no_pivot = command_line_has(call->line, OCI_NO_PIVOT),
                                 .pid_file = command_line_get(call->line, OCI_PID_FILE),
                                 .pidfd_socket = command_line_get(call->line, OCI_PIDFD_SOCKET),
                                 .console.path = command_line_get(call->line, OCI_CONSOLE_SOCKET),
                                 .keyring = !command_line_has(call->line, OCI_NO_NEW_KEYRING) };
        return oci_read_preserved(command_line_get(call->line, OCI_PRESERVE_FDS), &ret->preserved, call->report);
}

/* Programs compare LISTEN_PID with their own pid: sd_listen_fds(3). As runc has it, these fds come before those of
 * --preserve-fds. */
static int add_listening(Spec *spec, CreateRequest *request, Report *report) {
        int n = oci_listening_fds(report);
        char text[32];

        if (n <= 0)
                return n;
        if (!(spec->new_namespaces & spec_namespaces[SPEC_PID].flag)) {
                report_notice(report, "LISTEN_FDS is ignored: without a new pid namespace, the command is not pid 1");
                return 0;
        }
        request->preserved += (unsigned) n;
        snprintf(text, sizeof(text), "LISTEN_FDS=%d", n);
        return strv_push(&spec->process.environment, text) < 0 ||
               strv_push(&spec->process.environment, "LISTEN_PID=1") < 0 ? report_oom(report) : 0;
}

/* In a joined user namespace, the host's mounts have gone before. */
static void tell_no_pivot(const Spec *spec, const CreateRequest *request, Report *report) {
        if (request->no_pivot && !spec->joined[SPEC_USER])
                report_notice(report, "--no-pivot: the host's mounts stay below the root, all but proc and sysfs, "
                                      "where a process with CAP_SYS_CHROOT or CAP_SYS_ADMIN can reach them");
}

static int add_notify(Spec *spec, const CreateRequest *request, Report *report) {
        if (!request->notifies)
                return 0;
        return strv_push(&spec->process.environment, "NOTIFY_SOCKET=" SPEC_NOTIFY_SOCKET) < 0 ? report_oom(report) : 0;
}

/* What config.json says, narrowed by a policy. */
typedef struct Narrowed {
        Spec spec;
        ContainerPolicy policy;
} Narrowed;

static void narrowed_deinit(Narrowed *n) {
        spec_deinit(&n->spec);
        container_policy_deinit(&n->policy);
}

static int create(const OciCall *call, CreateRequest *request, Narrowed *n, State *ret) {
        _cleanup_free_ char *bundle = realpath(command_line_get(call->line, 'b') ?: ".", NULL);
        int r;

        if (!bundle)
                return report_error(call->report, errno, "--bundle: cannot use the directory: %s", strerror(errno));
        r = spec_load(bundle, command_line_get(call->line, OCI_CONFIG), &n->spec, call->report);
        if (r >= 0) {
                report_own_step(call->report, "config.json is read");
                tell_no_pivot(&n->spec, request, call->report);
        }
        if (r >= 0)
                r = sources_find_inner(&n->spec, call->report);
        if (r >= 0)
                r = container_policy_apply(&n->policy, &n->spec, false, call->report);
        if (r >= 0)
                r = add_listening(&n->spec, request, call->report);
        if (r >= 0)
                r = add_notify(&n->spec, request, call->report);
        if (r >= 0)
                r = oci_check_passed(request->preserved, call->report);
        /* Until here, nothing was made. */
        if (r >= 0)
                r = interrupts_begin(&request->signal_mask, call->report);
        return r < 0 ? r : container_create(&n->spec, request, ret, call->report);
}

int oci_create(const OciCall *call) {
        _cleanup_(narrowed_deinit) Narrowed narrowed = {};
        _cleanup_state_ State state = { .directory = -1 };
        CreateRequest request;

        return read_request(call, &request) < 0 || create(call, &request, &narrowed, &state) < 0;
}

/* Waits for the command's end, or with --detach until it is ready if a service manager is to know that. out, in: the
 * two sockets for that, which this takes over, or -1. Returns the exit status, or -errno, reported. */
static int go_on(const OciCall *call, const State *state, Terminal *terminal, int out, int in) {
        _cleanup_(notify_freep) Notify *relay = NULL;
        const bool notifies = out >= 0 && in >= 0;

        if (!notifies) {
                fd_close(out);
                fd_close(in);
        } else if (command_line_has(call->line, 'd'))
                return ready_await(state, out, in, call->report);
        else
                relay = ready_relay(out, in);
        if (command_line_has(call->line, 'd'))
                return 0;
        return oci_wait(state->pid, terminal, relay, call->report);
}

int oci_run(const OciCall *call) {
        const bool detach = command_line_has(call->line, 'd');
        _cleanup_(narrowed_deinit) Narrowed narrowed = {};
        _cleanup_state_ State state = { .directory = -1 };
        CreateRequest request;
        int status, r, master = -1, connection = -1, notify = -1;
        _cleanup_close_ int manager = -1;
        Terminal terminal;

        if (read_request(call, &request) < 0)
                return 1;
        if (!detach && !request.console.path)
                request.console = (Console) { .master = &master, .prepare = oci_prepare_terminal };
        request.connection = &connection;
        if (request.notifies) {
                manager = ready_connect(oci_notify_address(), call->report);
                if (manager < 0)
                        return 1;
        }
        if (create(call, &request, &narrowed, &state) < 0)
                return 1;
        r = oci_terminal_begin(&terminal, master, call->report);
        if (r >= 0) {
                oci_terminal_meanwhile(&terminal);
                r = container_await_start(&state, &narrowed.spec, connection, &notify, call->report);
                oci_terminal_meanwhile(NULL);
        }
        if (r < 0) {
                (void) container_delete(&state, &narrowed.spec, true, call->report);
                oci_terminal_end(&terminal, r == -EINTR);
                return 1;
        }
        status = go_on(call, &state, &terminal, TAKE_FD(manager), notify);
        if (detach && status >= 0)
                return 0;
        if (status < 0)
                status = 1;
        if (!detach && command_line_has(call->line, OCI_KEEP))
                return status;
        return container_delete(&state, &narrowed.spec, true, call->report) < 0 ? 1 : status;
}
