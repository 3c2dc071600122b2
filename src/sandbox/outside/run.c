/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/run.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/wire/step.h"

int run_failure(Run *run, const Message *m) {
        const char *key;
        Origin origin;

        if (subject_find(run->plan, m->subject, &origin, &key) < 0)
                return run_talk_failed(run, EPROTO);
        run->outcome.exit_status = m->status;
        return report_error_at(run->report, origin, key, m->value, "%s", m->text);
}

void run_step(const Run *run, const Message *m) {
        report_step(run->report, "inside", m->number, step_name((Step) m->value));
}

int run_talk_failed(const Run *run, int error) {
        if (error == EPROTO)
                return report_error(run->report, EPROTO,
                                    "isorun ended the instance: its first process sent an invalid message, and an "
                                    "attacker may control it");
        return report_error(run->report, error, "cannot talk to the first process inside: %s", strerror(error));
}

int run_take_signal(const Run *run, struct signalfd_siginfo *ret) {
        return read(run->signals, ret, sizeof(*ret)) == sizeof(*ret);
}

int run_interrupted(Run *run) {
        struct signalfd_siginfo info;

        while (run_take_signal(run, &info)) {
                int sig = (int) info.ssi_signo;

                if (sig == SIGWINCH || sig == SIGCONT || sig == SIGURG)
                        continue;
                run->outcome.exit_status = 128 + sig;
                if (sig >= SIGRTMIN)
                        return report_error(run->report, EINTR, "stopped by SIGRTMIN+%d before the command started",
                                            sig - SIGRTMIN);
                return report_error(run->report, EINTR, "stopped by SIG%s before the command started",
                                    sigabbrev_np(sig));
        }
        return 0;
}

int run_wait(Run *run, siginfo_t *ret) {
        int r;

        if (run->plan->hand_over) {
                r = (int) TEMP_FAILURE_RETRY(poll(&(struct pollfd) { .fd = run->pidfd, .events = POLLIN }, 1, -1));
                *ret = (siginfo_t) { .si_code = CLD_KILLED, .si_status = SIGKILL };
        } else
                r = (int) TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t) run->pidfd, ret, WEXITED));
        if (r < 0)
                return -errno;
        run->pid = 0;
        return 0;
}

void run_ended(Run *run, int wait_status) {
        run->outcome.wait_status = wait_status;
        run->outcome.progress = PROGRESS_ENDED;
}
