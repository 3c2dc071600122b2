/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/denial-log.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/watch/log.h"
#include "util/fd.h"
#include "util/kernel.h"

static Origin origin(const Run *run) {
        return policy_get(run->plan->source, D_LogDenials)->origin;
}

static int failed(const Run *run, int error) {
        return report_error_at(run->report, origin(run), "LogDenials", error,
                               "cannot start the process that records what is denied: %s", strerror(error));
}

int denial_log_start(DenialLog *l, const Run *run, int listener) {
        int fds[2], error = ECHILD;
        pid_t pid;

        l->begun = true;
        if (listener < 0) {
                report_notice_at(run->report, origin(run), "LogDenials",
                                 "a sandbox around isorun watches system calls already, and the kernel allows no "
                                 "second watcher: denied calls are not recorded");
                return 0;
        }
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return failed(run, errno);
        pid = run_fork_in_unit(run, &l->pidfd);
        if (pid == 0)
                denial_log_main(run->plan, listener, fds[1]);
        error = pid < 0 ? errno : error;
        fd_close(fds[1]);
        l->socket = fds[0];
        if (pid < 0) {
                l->pidfd = -1;
                return failed(run, error);
        }
        (void) TEMP_FAILURE_RETRY(recv(l->socket, &error, sizeof(error), 0));
        return error ? failed(run, error) : 0;
}

/* Returns whether there was a record. The end of the process closes the socket. */
static bool take_record(DenialLog *l, const Run *run) {
        DenialRecord r;
        ssize_t n = recv(l->socket, &r, sizeof(r), MSG_DONTWAIT | MSG_TRUNC);

        if (n <= 0) {
                if (n == 0 || (errno != EAGAIN && errno != EINTR))
                        l->socket = fd_close(l->socket);
                return false;
        }
        if (n == sizeof(r) && denial_record_is_good(&r) && journal_turn(&l->rate)) {
                journal_denied(run->plan, &r, l->rate.n_lost);
                l->rate.n_lost = 0;
        }
        return true;
}

/* Waits for the process, which has hung up. Returns whether it has ended by itself, when no process had the filter. */
static bool has_ended_well(DenialLog *l) {
        siginfo_t info = {};

        (void) TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t) l->pidfd, &info, WEXITED));
        l->pidfd = fd_close(l->pidfd);
        return info.si_code == CLD_EXITED && info.si_status == 0;
}

void denial_log_take(DenialLog *l, const Run *run) {
        enum { TURNS = 64 }; /* then others come first */

        for (int i = 0; i < TURNS && take_record(l, run); i++)
                ;
        if (l->socket < 0 && l->pidfd >= 0 && !has_ended_well(l))
                report_notice_at(run->report, origin(run), "LogDenials",
                                 "isorun-denials was killed: denied calls fail with ENOSYS now, and are not recorded");
}

void denial_log_end(DenialLog *l, const Run *run) {
        while (l->socket >= 0 && take_record(l, run))
                ;
        l->socket = fd_close(l->socket);
        if (l->pidfd < 0)
                return;
        (void) sys_pidfd_send_signal(l->pidfd, SIGKILL);
        (void) has_ended_well(l);
}
