/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/hook/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/param.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/interrupts.h"
#include "util/fd.h"
#include "util/kernel.h"

static char *write_state(const Spec *spec, const HookState *state) {
        json_t *json = json_pack("{ss ss ss si ss sO*}", "ociVersion", spec->version, "id", state->id, "status",
                                 state->status, "pid", (int) state->pid, "bundle", spec->bundle, "annotations",
                                 spec->annotations);
        char *text;

        if (json && state->pid == 0)
                (void) json_object_del(json, "pid");
        text = json ? json_dumps(json, JSON_COMPACT) : NULL;
        json_decref(json);
        return text;
}

_Noreturn static void become(const SpecHook *hook, char **inherited, int input) {
        sigset_t empty;

        sigemptyset(&empty);
        if (dup2(input, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
            close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 || sigprocmask(SIG_SETMASK, &empty, NULL) < 0)
                _exit(126);
        execve(hook->path, hook->arguments, hook->environment ?: inherited ?: environ);
        _exit(errno == ENOENT ? 127 : 126);
}

enum { PIPE_ROOM = 64 * 1024 }; /* of a new pipe: pipe(7) */

/* The reader is kept open until all is written, and the pipe gets the room for it, also if the annotations are long:
 * this neither blocks nor raises SIGPIPE. */
static pid_t spawn(const SpecHook *hook, char **inherited, const char *state) {
        const size_t size = strlen(state);
        int fds[2];
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        if (size > PIPE_ROOM)
                (void) fcntl(fds[1], F_SETPIPE_SZ, (int) size);
        pid = write(fds[1], state, size) == (ssize_t) size ? 0 : -E2BIG;
        if (pid == 0 && fcntl(fds[0], F_SETFL, 0) < 0)
                pid = -errno;
        if (pid == 0) {
                pid = fork();
                if (pid == 0)
                        become(hook, inherited, fds[0]);
                pid = pid < 0 ? -errno : pid;
        }
        fds_close(fds, ELEMENTSOF(fds));
        return pid;
}

static int await_end(pid_t pid, unsigned timeout) {
        _cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
        int r = pidfd < 0 ? -errno
                          : interrupts_await(pidfd, POLLIN, timeout ? (int) MIN(timeout, INT_MAX / 1000U) * 1000 : -1);

        return r == 0 ? -ETIMEDOUT : r;
}

/* Returns the wait status, -ETIMEDOUT, -EINTR if a signal has come, or another -errno. In the container, a filter may
 * deny more than waitpid(2). */
static int await(pid_t pid, unsigned timeout) {
        int r = timeout || interrupts_begun() ? await_end(pid, timeout) : 0, status;

        if (r < 0) {
                interrupts_kill(pid);
                return r;
        }
        r = interrupts_reap(pid, &status);
        return r < 0 ? r : status;
}

/* A filter of config.json may do that to a hook of startContainer. */
static const char *signal_hint(int sig) {
        return sig == SIGSYS ? " (bad system call)" : "";
}

static int run(const SpecHook *hooks, size_t i, char **inherited, const char *state,
               char error[static HOOK_ERROR_MAX]) {
        const SpecHook *hook = &hooks[i];
        pid_t pid = spawn(hook, inherited, state);
        int status = pid < 0 ? pid : await(pid, hook->timeout);

        if (status == 0)
                return 0;
        if (status == -ETIMEDOUT)
                snprintf(error, HOOK_ERROR_MAX, "#%zu: %.150s: not done in %u s", i, hook->path, hook->timeout);
        else if (status == -EINTR)
                snprintf(error, HOOK_ERROR_MAX, "#%zu: %.150s: killed, since a signal came", i, hook->path);
        else if (status == -E2BIG)
                snprintf(error, HOOK_ERROR_MAX, "#%zu: %.150s: the state with its annotations is too long for a pipe "
                         "(/proc/sys/fs/pipe-max-size)", i, hook->path);
        else if (status < 0)
                snprintf(error, HOOK_ERROR_MAX, "#%zu: %.150s: %s", i, hook->path, strerror(-status));
        else if (WIFSIGNALED(status))
                snprintf(error, HOOK_ERROR_MAX, "#%zu: %.150s: ended by signal %d%s", i, hook->path, WTERMSIG(status),
                         signal_hint(WTERMSIG(status)));
        else
                snprintf(error, HOOK_ERROR_MAX, "#%zu: %.150s: exit status %d", i, hook->path, WEXITSTATUS(status));
        return status < 0 ? status : -ECANCELED;
}

int hooks_run(const Spec *spec, SpecHookKind kind, const HookState *state, char error[static HOOK_ERROR_MAX]) {
        _cleanup_free_ char *text = spec->n_hooks[kind] ? write_state(spec, state) : NULL;
        int r = 0;

        if (spec->n_hooks[kind] && !text) {
                snprintf(error, HOOK_ERROR_MAX, "#0: %s", strerror(ENOMEM));
                return -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < spec->n_hooks[kind]; i++)
                r = run(spec->hooks[kind], i, state->environment, text, error);
        return r;
}

int hooks_run_all(const Spec *spec, SpecHookKind kind, const HookState *state, Report *report) {
        _cleanup_free_ char *text = spec->n_hooks[kind] ? write_state(spec, state) : NULL;
        char error[HOOK_ERROR_MAX];

        if (spec->n_hooks[kind] && !text)
                report_notice(report, "cannot run %s hooks: %s", spec_hook_names[kind], strerror(ENOMEM));
        for (size_t i = 0; text && i < spec->n_hooks[kind]; i++) {
                int r = run(spec->hooks[kind], i, state->environment, text, error);

                if (r == -EINTR && kind != SPEC_POSTSTOP)
                        return report_error(report, EINTR, "error running %s hook %s", spec_hook_names[kind], error);
                if (r < 0)
                        report_notice(report, "error running %s hook %s", spec_hook_names[kind], error);
        }
        return 0;
}
