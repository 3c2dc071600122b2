/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "cmd/container/container-policy.h"
#include "cmd/oci/command.h"
#include "oci/interrupts.h"
#include "oci/outside/container.h"
#include "oci/spec/load.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/strv.h"

/* Without GID, the group stays that of config.json: group 0 would be more. */
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
        if (gid)
                process->gid = (gid_t) g;
        return 0;
}

static int add_capability(SpecProcess *process, const char *name, Report *report) {
        const NamedNumber *c = capability_find(name);

        if (!c)
                return report_error(report, EINVAL, "--cap: isorun-oci does not know this capability: %s", name);
        process->bounding |= UINT64_C(1) << c->number;
        process->permitted |= UINT64_C(1) << c->number;
        process->effective |= UINT64_C(1) << c->number;
        process->ambient |= process->inheritable & UINT64_C(1) << c->number;
        return 0;
}

static int add_group(SpecProcess *process, const char *text, Report *report) {
        uint64_t n;
        gid_t *gid;

        if (parse_u64_range(text, 0, UINT32_MAX - 1, &n) < 0)
                return report_error(report, EINVAL, "--additional-gids: not a group: \"%s\"", text);
        gid = ARRAY_APPEND(process->groups, process->n_groups);
        if (!gid)
                return report_oom(report);
        *gid = (gid_t) n;
        return 0;
}

/* The options that may be there several times. */
static int add_all(const OciCall *call, SpecProcess *process) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < call->line->n_options; i++) {
                const GivenOption *o = &call->line->options[i];

                if (o->value == 'e' && strv_push(&process->environment, o->argument) < 0)
                        r = report_oom(call->report);
                else if (o->value == 'c')
                        r = add_capability(process, o->argument, call->report);
                else if (o->value == 'g')
                        r = add_group(process, o->argument, call->report);
        }
        return r;
}

/* What the file of --process says. Engines give --tty beside it. */
static bool is_of_process(int option) {
        static const int options[] = { OCI_CWD, 'e', 'u', 'g', 'c', OCI_APPARMOR, OCI_PROCESS_LABEL,
                                       OCI_NO_NEW_PRIVS };

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (options[i] == option)
                        return true;
        return false;
}

static int check_alone(const OciCall *call) {
        for (const Option *o = oci_commands[OCI_EXEC].options; o->name; o++)
                if (is_of_process(o->value) && command_line_has(call->line, o->value))
                        return report_error(call->report, EINVAL, "--process cannot be combined with --%s", o->name);
        if (call->line->rest[0])
                return report_error(call->report, EINVAL, "--process cannot be combined with a command");
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
        r = add_all(call, process);
        if (r < 0)
                return r;
        process->apparmor = command_line_get(call->line, OCI_APPARMOR) ?: process->apparmor;
        process->selinux = command_line_get(call->line, OCI_PROCESS_LABEL) ?: process->selinux;
        process->terminal = command_line_has(call->line, 't');
        process->directory = command_line_get(call->line, OCI_CWD) ?: process->directory;
        process->no_new_privileges = process->no_new_privileges || command_line_has(call->line, OCI_NO_NEW_PRIVS);
        return *process->directory == '/' ? 0 : report_error(call->report, EINVAL, "--cwd: not an absolute path");
}

static int execute(const OciCall *call, const State *state, ExecRequest request, pid_t *ret) {
        const char *file = command_line_get(call->line, 'p');
        ContainerPolicy policy = {};
        SpecProcess process = {};
        json_t *json = NULL;
        Spec spec = {};
        int r;

        r = file ? check_alone(call) : 0;
        if (r >= 0)
                r = oci_load_spec(call, state, &spec);
        if (r >= 0)
                r = container_policy_apply(&policy, &spec, true, call->report);
        if (r >= 0 && file) {
                r = spec_load_process(file, &json, &process, call->report);
                if (r >= 0)
                        r = container_policy_limit(&policy, &process, call->report);
                /* As crun has it: no process is free of the container's label because a file names none. */
                process.apparmor = process.apparmor ?: spec.process.apparmor;
                process.selinux = process.selinux ?: spec.process.selinux;
                request.process = &process;
        } else if (r >= 0) {
                r = change_process(call, &spec.process);
                request.process = &spec.process;
        }
        if (r >= 0)
                r = interrupts_begin(&request.signal_mask, call->report);
        if (r >= 0)
                r = container_exec(state, &spec, &request, ret, call->report);
        spec_process_deinit(&process);
        json_decref(json);
        spec_deinit(&spec);
        container_policy_deinit(&policy);
        return r;
}

/* As runc has it: another status than that of most commands. */
enum { OCI_EXEC_FAILED = 255 };

int oci_exec(const OciCall *call) {
        _cleanup_state_ State state = { .directory = -1 };
        ExecRequest request = { .pid_file = command_line_get(call->line, OCI_PID_FILE),
                                .pidfd_socket = command_line_get(call->line, OCI_PIDFD_SOCKET),
                                .console.path = command_line_get(call->line, OCI_CONSOLE_SOCKET), .keyring = true,
                                .cgroup = command_line_get(call->line, OCI_CGROUP),
                                .paused = command_line_has(call->line, OCI_IGNORE_PAUSED) };
        const bool detach = command_line_has(call->line, 'd');
        int status, master = -1;
        Terminal terminal;
        pid_t pid;

        if (oci_read_preserved(command_line_get(call->line, OCI_PRESERVE_FDS), &request.preserved, call->report) < 0 ||
            oci_check_passed(request.preserved, call->report) < 0 ||
            state_load(call->root, call->id, &state, call->report) < 0)
                return OCI_EXEC_FAILED;
        if (!detach && !request.console.path)
                request.console = (Console) { .master = &master, .prepare = oci_prepare_terminal };
        if (execute(call, &state, request, &pid) < 0)
                return OCI_EXEC_FAILED;
        if (detach)
                return 0;
        if (oci_terminal_begin(&terminal, master, call->report) < 0) {
                interrupts_kill(pid);
                return OCI_EXEC_FAILED;
        }
        status = oci_wait(pid, &terminal, NULL, call->report);
        return status < 0 ? OCI_EXEC_FAILED : status;
}
