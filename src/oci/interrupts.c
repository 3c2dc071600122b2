/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/interrupts.h"

#include <errno.h>
#include <limits.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/wire/signals.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"

enum { END_MSEC = 1000 };

static int signals = -1; /* of this process, as its signal mask is */
static uint64_t taken;   /* when the last one that counts was taken; 0: none was */
static Meanwhile meanwhile;

int interrupts_begin(sigset_t *ret_mask, Report *report) {
        sigset_t all, ending;

        sigfillset(&all);
        sigemptyset(&ending);
        for (int sig = 1; sig <= SIGNAL_MAX; sig++)
                if (signal_is_to_end(sig))
                        sigaddset(&ending, sig);
        sigprocmask(SIG_BLOCK, &all, ret_mask);
        signals = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
        return signals < 0 ? report_error(report, errno, "cannot wait for signals: %s", strerror(errno)) : 0;
}

bool interrupts_begun(void) {
        return signals >= 0;
}

void interrupts_meanwhile(const Meanwhile *what) {
        meanwhile = what ? *what : (Meanwhile) {};
}

void interrupts_forget(void) {
        meanwhile = (Meanwhile) {};
        signals = -1;
}

bool interrupts_take(void) {
        const uint64_t now = clock_usec(CLOCK_MONOTONIC);
        struct signalfd_siginfo info;

        if (read(signals, &info, sizeof(info)) != sizeof(info))
                return false;
        if (taken != 0 && now - taken <= SIGNAL_GRACE_MANAGER_MSEC * UINT64_C(1000))
                return false;
        taken = now;
        return true;
}

int interrupts_await(int fd, short events, int msec) {
        const uint64_t end = msec >= 0 ? clock_usec(CLOCK_MONOTONIC) + (uint64_t) msec * 1000 : 0;

        for (;;) {
                struct pollfd fds[INTERRUPTS_FDS + 2] = {}, *const own = fds + INTERRUPTS_FDS;
                const nfds_t others = meanwhile.fill ? INTERRUPTS_FDS : 0;
                int n;

                if (meanwhile.fill)
                        meanwhile.fill(meanwhile.userdata, fds);
                own[0] = (struct pollfd) { .fd = fd, .events = events };
                own[1] = (struct pollfd) { .fd = signals, .events = POLLIN };
                n = poll(own - others, others + 2, clock_msec_until(end));
                if (n == 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0 && meanwhile.fill)
                        meanwhile.process(meanwhile.userdata, fds);
                if (n > 0 && own[0].revents)
                        return 1;
                if (n > 0 && interrupts_take())
                        return -EINTR;
        }
}

int interrupts_await_end(int fd, short events, int msec) {
        const int first = msec >= 0 && msec < END_MSEC ? msec : END_MSEC;
        int n = poll(&(struct pollfd) { .fd = fd, .events = events }, 1, first);

        return n > 0 ? 1 : interrupts_await(fd, events, msec < 0 ? msec : msec - first);
}

int interrupts_reap(pid_t pid, int *ret_status) {
        _cleanup_close_ int pidfd = interrupts_begun() ? sys_pidfd_open(pid, 0) : -1;
        int r = pidfd < 0 ? 0 : interrupts_await(pidfd, POLLIN, -1);

        if (r < 0)
                return r;
        return TEMP_FAILURE_RETRY(waitpid(pid, ret_status, 0)) < 0 ? -errno : 0;
}

void interrupts_kill(pid_t pid) {
        _cleanup_close_ int pidfd = interrupts_begun() ? sys_pidfd_open(pid, 0) : -1;

        (void) kill(pid, SIGKILL);
        if (pidfd < 0 || interrupts_await_end(pidfd, POLLIN, -1) > 0)
                (void) TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
}

static int interrupted(void *userdata) {
        return interrupts_take() ? report_error(userdata, EINTR, "a signal came before the container was ready") : 0;
}

Patience interrupts_patience(Report *report) {
        Patience p = patience_begin(report);

        p.signals = signals;
        p.interrupted = interrupted;
        p.userdata = report;
        return p;
}
