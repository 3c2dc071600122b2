/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/listener.h"

#include <errno.h>

#include "oci/outside/steps.h"
#include "oci/spec/load.h"
#include "sandbox/wire/message.h"
#include "util/fd.h"

/* The runtime specification, config-linux.md: "The Container Process State". */
static char *describe(const Spec *spec, const State *state, const char *status, pid_t pid) {
        json_t *json = json_pack("{ss s[s] si ss* s{ss ss ss si ss sO*}}", "ociVersion", spec->version, "fds",
                                 "seccompFd", "pid", (int) pid, "metadata", spec->listener_metadata, "state",
                                 "ociVersion", spec->version, "id", state->id, "status", status, "pid",
                                 (int) state->pid, "bundle", state->bundle, "annotations", spec->annotations);
        char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

        json_decref(json);
        return text;
}

static int connect_agent(const char *path, Report *report) {
        int fd = steps_connect(path);

        return fd < 0 ? report_error(report, -fd, "failed to connect with seccomp agent %s: %s", path, strerror(-fd))
                      : fd;
}

static int pass(const Spec *spec, const State *state, const char *status, pid_t pid, int listener, Report *report) {
        _cleanup_close_ int agent = connect_agent(spec->listener, report);
        _cleanup_free_ char *text = agent < 0 ? NULL : describe(spec, state, status, pid);
        int r;

        if (agent < 0)
                return agent;
        if (!text)
                return report_oom(report);
        r = steps_send_text(agent, text, listener);
        return r < 0 ? report_error(report, -r, "cannot send the filter to the seccomp agent %s: %s", spec->listener,
                                    strerror(-r)) : 0;
}

/* Agents know "creating" from the example of config-linux.md, and from runc and crun: the command has not begun. */
static int load_and_pass(const State *state, const Spec *spec, pid_t pid, int listener, Report *report) {
        Status status;
        Spec own = {};
        Report quiet = {};
        const bool exec = spec;
        int r = exec ? state_status(state, &status, NULL, report)
                     : spec_load_copy(state->directory, state->bundle, &own, &quiet);

        if (r < 0 && !exec)
                r = report_error(report, -r, "cannot read the config.json of the container: %s", strerror(-r));
        spec = spec ?: &own;
        if (r >= 0 && !spec->filter_listens)
                r = report_error(report, EPROTO, "the process sent an invalid message");
        if (r >= 0)
                r = pass(spec, state, exec ? status_name(status) : "creating", pid, listener, report);
        spec_deinit(&own);
        return r;
}

static int await(const State *state, const Spec *spec, pid_t pid, int socket, int *notify, Report *report) {
        for (bool passed = false;;) {
                _cleanup_close_ int fd = -1;
                Message m;
                int r = steps_receive(socket, &m, &fd);

                if (r == -EINTR)
                        return report_error(report, EINTR, "a signal came before the command was executed");
                if (r <= 0)
                        return r < 0 ? report_error(report, -r, "cannot talk to the process in the container: %s",
                                                    strerror(-r)) : 0;
                if (m.type == MESSAGE_FAILED)
                        return report_error(report, m.value, "%s", m.text);
                if (m.type == MESSAGE_NOTIFYING && notify && *notify < 0) {
                        *notify = TAKE_FD(fd);
                        continue;
                }
                if (m.type != MESSAGE_LOGGING || fd < 0 || passed)
                        return report_error(report, EPROTO, "the process sent an invalid message");
                r = load_and_pass(state, spec, pid, fd, report);
                if (r >= 0)
                        r = steps_send(socket, MESSAGE_WATCHED, report);
                if (r < 0)
                        return r;
                passed = true;
        }
}

int listener_await_executed(const State *state, const Spec *spec, pid_t pid, int socket, int *ret_notify,
                            Report *report) {
        _cleanup_close_ int notify = -1;
        int r = await(state, spec, pid, socket, ret_notify ? &notify : NULL, report);

        if (r >= 0)
                report_own_step(report, "the command is executed");
        if (r >= 0 && ret_notify)
                *ret_notify = TAKE_FD(notify);
        return r;
}
