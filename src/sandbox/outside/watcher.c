/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/watcher.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/watch/watch.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/process.h"

static int find_pid(int pidfd, pid_t *ret) {
        _cleanup_free_ char *text = NULL;
        uint64_t pid;
        int r = process_pidfd_status(pidfd, "Pid", &text);

        if (r >= 0)
                r = parse_u64_range(text, 1, INT32_MAX, &pid);
        if (r >= 0)
                *ret = (pid_t) pid;
        return r;
}

static int failed(const Run *run, int error) {
        return report_error(run->report, error, "%s: cannot trace the command: %s%s",
                            plan_is_recorded(run->plan) ? "--record" : "--why", strerror(error),
                            error == EPERM ? " (strace or a debugger, a sandbox around isorun, or the sysctl "
                                             "kernel.yama.ptrace_scope may prevent it)" : "");
}

int watcher_start(Watcher *w, const Run *run, int payload) {
        struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t) (uintptr_t) &w->pidfd,
                                   .exit_signal = SIGCHLD };
        int fds[2], error = ECHILD, r;
        pid_t payload_pid, pid;

        r = find_pid(payload, &payload_pid);
        if (r < 0)
                return failed(run, -r);
        w->denials = denials_new();
        if (!w->denials)
                return report_oom(run->report);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return failed(run, errno);
        pid = sys_clone3(&args);
        if (pid == 0)
                watch_main(run->plan, w->denials, payload_pid, fds[1]);
        error = pid < 0 ? errno : error;
        fd_close(fds[1]);
        w->socket = fds[0];
        if (pid > 0)
                (void) TEMP_FAILURE_RETRY(recv(w->socket, &error, sizeof(error), 0));
        if (error)
                return failed(run, error);
        return message_send(run->socket, &(Message) { .type = MESSAGE_WATCHED }, NULL, 0);
}

/* The process looks up paths that the payload has chosen, and gives each its own time. This is longer than that. */
enum { PACKET_MSEC = 30000 };

void watcher_report(Watcher *w, const Run *run) {
        const Usage *usage = &run->outcome.usage;
        const RecordPeaks peaks = { usage->memory_peak, usage->tasks_peak, usage->cpu_usec };
        struct pollfd fd = { .fd = w->socket, .events = POLLIN };
        char line[REPORT_LINE_MAX];
        ssize_t n = 0;

        if (w->socket < 0)
                return;
        if (plan_is_recorded(run->plan))
                (void) send(w->socket, &peaks, sizeof(peaks), MSG_NOSIGNAL);
        while (TEMP_FAILURE_RETRY(poll(&fd, 1, PACKET_MSEC)) > 0 &&
               (n = TEMP_FAILURE_RETRY(recv(w->socket, line, sizeof(line), 0))) > 1) {
                line[n - 1] = '\0';
                report_told(run->report, line);
        }
        if (n != 1)
                report_told(run->report, "isorun-watch, which traced the command, was killed, and its report is lost");
}

void watcher_deinit(Watcher *w) {
        w->socket = fd_close(w->socket);
        if (w->pidfd >= 0) {
                (void) sys_pidfd_send_signal(w->pidfd, SIGKILL);
                (void) TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t) w->pidfd, &(siginfo_t) {}, WEXITED));
        }
        w->pidfd = fd_close(w->pidfd);
        w->denials = denials_free(w->denials);
}
