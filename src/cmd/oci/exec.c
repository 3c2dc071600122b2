/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "cmd/oci/command.h"
#include "oci/outside/container.h"
#include "oci/spec/load.h"
#include "util/parse.h"
#include "util/strv.h"

const Option oci_exec_options[] = {
        { 'p', "process", "a file with the process, as config.json has it", { "FILE", ARGUMENT_FILE, NULL }, false },
        { OCI_CWD, "cwd", "the working directory", { "DIR", 0, NULL }, false },
        { 'e', "env", "set a variable", { "NAME=VALUE", 0, NULL }, false },
        { 'u', "user", "the ids of the process", { "UID[:GID]", 0, NULL }, false },
        { OCI_NO_NEW_PRIVS, "no-new-privs", "set no_new_privs", {}, false },
        { OCI_PID_FILE, "pid-file", "write the pid of the process to a file", { "FILE", ARGUMENT_FILE, NULL }, false },
        { 'd', "detach", "do not wait for the process", {}, false },
        { OCI_PRESERVE_FDS, "preserve-fds", "also pass N fds, from 3 on", { "N", 0, NULL }, false },
        { 't', "tty", "give the process a terminal", {}, false },
        { OCI_CONSOLE_SOCKET, "console-socket", "the socket that gets the terminal",
          { "FILE", ARGUMENT_FILE, NULL }, false },
        {},
};

static int set_user(SpecProcess *process, const char *user, Report *report) {
        _cleanup_free_ char *uid = strndup(user, strcspn(user, ":"));
        const char *gid = strchr(user, ':');
        uint64_t u = 0, g = 0;

        if (!uid)
                return report_oom(report);
        if (parse_u64_range(uid, 0, UINT32_MAX - 1, &u) < 0 ||
            (gid && parse_u64_range(gid + 1, 0, UINT32_MAX - 1, &g) < 0))
                return report_error(report, EINVAL, "--user: not UID or UID:GID: \"%s\"", user);
        process->uid = (uid_t) u;
        process->gid = (gid_t) g;
        return 0;
}

/* Without --process, the process is that of the container, with another command. */
static int change_process(const OciCall *call, SpecProcess *process) {
        const char *user = command_line_get(call->line, 'u');
        int r = user ? set_user(process, user, call->report) : 0;

        if (r < 0)
                return r;
        if (!call->line->rest[0])
                return report_error(call->report, EINVAL, "exec: type a command, or --process");
        process->arguments = strv_free(process->arguments);
        process->arguments = strv_copy(call->line->rest);
        if (!process->arguments)
                return report_oom(call->report);
        for (size_t i = 0; i < call->line->n_options; i++)
                if (call->line->options[i].value == 'e' &&
                    strv_prepend(&process->environment, strdup(call->line->options[i].argument)) < 0)
                        return report_oom(call->report);
        process->terminal = command_line_has(call->line, 't');
        process->directory = command_line_get(call->line, OCI_CWD) ?: process->directory;
        process->no_new_privileges = process->no_new_privileges || command_line_has(call->line, OCI_NO_NEW_PRIVS);
        return *process->directory == '/' ? 0 : report_error(call->report, EINVAL, "--cwd: not an absolute path");
}

static int execute(const OciCall *call, const State *state, ExecRequest *request, pid_t *ret) {
        const char *file = command_line_get(call->line, 'p');
        SpecProcess process = {};
        json_t *json = NULL;
        Report quiet = {};
        Spec spec = {};
        int r;

        r = spec_load_copy(state->directory, state->bundle, &spec, &quiet); /* create has printed the notices */
        if (r < 0)
                r = spec_load_copy(state->directory, state->bundle, &spec, call->report);
        if (r >= 0 && file) {
                r = spec_load_process(file, &json, &process, call->report);
                request->process = &process;
        } else if (r >= 0) {
                r = change_process(call, &spec.process);
                request->process = &spec.process;
        }
        if (r >= 0)
                r = container_exec(state, &spec, request, ret, call->report);
        spec_process_deinit(&process);
        json_decref(json);
        spec_deinit(&spec);
        return r;
}

int oci_exec(const OciCall *call) {
        _cleanup_state_ State state = { .directory = -1 };
        ExecRequest request = { .pid_file = command_line_get(call->line, OCI_PID_FILE),
                                .console = command_line_get(call->line, OCI_CONSOLE_SOCKET), .keyring = true };
        sigset_t all;
        pid_t pid;

        if (oci_read_preserved(command_line_get(call->line, OCI_PRESERVE_FDS), &request.preserved, call->report) < 0 ||
            state_load(call->root, call->id, &state, call->report) < 0)
                return 1;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, &request.signal_mask);
        if (execute(call, &state, &request, &pid) < 0)
                return 1;
        return command_line_has(call->line, 'd') ? 0 : oci_wait(pid);
}
