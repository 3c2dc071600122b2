/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/oci/command.h"
#include "oci/outside/container.h"
#include "oci/spec/load.h"
#include "util/parse.h"

#define CREATE_OPTIONS                                                                                            \
        { 'b', "bundle", "the directory of config.json (the working directory)", { "DIR", ARGUMENT_DIRECTORY, NULL }, false }, \
        { OCI_PID_FILE, "pid-file", "write the pid of the first process to a file", { "FILE", ARGUMENT_FILE, NULL }, false },  \
        { OCI_CONSOLE_SOCKET, "console-socket", "not supported yet", { "FILE", ARGUMENT_FILE, NULL }, false },             \
        { OCI_PRESERVE_FDS, "preserve-fds", "also pass N fds, from 3 on", { "N", 0, NULL }, false },                       \
        { OCI_NO_PIVOT, "no-pivot", "not supported yet", {}, false },                                                \
        { OCI_NO_NEW_KEYRING, "no-new-keyring", "keep the caller's session keyring", {}, false }

const Option oci_create_options[] = { CREATE_OPTIONS, {} };
const Option oci_run_options[] = {
        CREATE_OPTIONS,
        { 'd', "detach", "do not wait for the container", {}, false },
        {},
};

/* Other fds of isorun-oci would take the numbers of fds that are not open. */
static int read_preserved(const char *text, unsigned *ret, Report *report) {
        uint64_t n = 0;

        if (text && parse_u64_range(text, 0, 200, &n) < 0)
                return report_error(report, EINVAL, "--preserve-fds: not a number from 0 to 200: \"%s\"", text);
        for (int fd = 3; fd < 3 + (int) n; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        return report_error(report, EBADF, "--preserve-fds: fd %d is not open", fd);
        *ret = (unsigned) n;
        return 0;
}

static int read_request(const OciCall *call, CreateRequest *ret) {
        static const int refused[] = { OCI_CONSOLE_SOCKET, OCI_NO_PIVOT };
        static const char *const names[] = { "console-socket", "no-pivot" };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (command_line_has(call->line, refused[i]))
                        return report_error(call->report, EOPNOTSUPP, "not supported by isorun-oci yet: --%s", names[i]);
        *ret = (CreateRequest) { .root = call->root, .id = call->id,
                                 .pid_file = command_line_get(call->line, OCI_PID_FILE),
                                 .keyring = !command_line_has(call->line, OCI_NO_NEW_KEYRING) };
        sigprocmask(SIG_BLOCK, NULL, &ret->signal_mask);
        return read_preserved(command_line_get(call->line, OCI_PRESERVE_FDS), &ret->preserved, call->report);
}

static int create(const OciCall *call, const CreateRequest *request, State *ret) {
        _cleanup_free_ char *bundle = realpath(command_line_get(call->line, 'b') ?: ".", NULL);
        Spec spec = {};
        int r;

        if (!bundle)
                return report_error(call->report, errno, "--bundle: cannot use the directory: %s", strerror(errno));
        r = spec_load(bundle, &spec, call->report);
        if (r >= 0)
                r = container_create(&spec, request, ret, call->report);
        spec_deinit(&spec);
        return r;
}

int oci_create(const OciCall *call) {
        _cleanup_state_ State state = { .directory = -1 };
        CreateRequest request;

        return read_request(call, &request) < 0 || create(call, &request, &state) < 0;
}

/* Hands on each signal until the container has ended. Returns its exit status. */
static int wait_for_end(const State *state, const sigset_t *all) {
        for (;;) {
                int status, sig;

                if (sigwait(all, &sig) != 0)
                        continue;
                if (sig != SIGCHLD) {
                        (void) kill(state->pid, sig); /* it is this process's child: the number is not another's */
                        continue;
                }
                if (waitpid(state->pid, &status, WNOHANG) != state->pid)
                        continue;
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
}

int oci_run(const OciCall *call) {
        const bool detach = command_line_has(call->line, 'd');
        _cleanup_state_ State state = { .directory = -1 };
        CreateRequest request;
        sigset_t all;
        int status;

        if (read_request(call, &request) < 0)
                return 1;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        if (create(call, &request, &state) < 0)
                return 1;
        if (container_start(&state, call->report) < 0) {
                (void) container_delete(&state, true, call->report);
                return 1;
        }
        if (detach)
                return 0;
        status = wait_for_end(&state, &all);
        return container_delete(&state, true, call->report) < 0 ? 1 : status;
}
