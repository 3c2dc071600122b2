/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/detach-wait.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/systemd/transient.h"
#include "util/fd.h"
#include "util/process.h"

/* How long systemd has after a signal to say that it has made the service. If it does so later, the isorun in the
 * service finds that nobody waits for it, and ends (detach_begin()). */
enum { ANSWER_MSEC = 400 };

/* Those that end a program and that the caller does not ignore. */
static void find_signals(sigset_t *ret) {
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
        struct sigaction action;

        sigemptyset(ret);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (sigaction(signals[i], NULL, &action) >= 0 && action.sa_handler != SIG_IGN)
                        sigaddset(ret, signals[i]);
}

static bool take_signal(DetachWait *w) {
        struct signalfd_siginfo info;

        if (read(w->signals, &info, sizeof(info)) != sizeof(info))
                return false;
        w->sig = (int) info.ssi_signo;
        return true;
}

static int report_stopped(const DetachWait *w, const char *when) {
        return report_error(w->report, EINTR, "stopped by SIG%s %s the command started", sigabbrev_np(w->sig), when);
}

/* For Patience. */
static int interrupted(void *userdata) {
        DetachWait *w = userdata;
        bool stopping = w->sig;

        if (!take_signal(w))
                return 0;
        return stopping ? report_error(w->report, EINTR, "SIG%s ended the wait until %s has stopped",
                                       sigabbrev_np(w->sig), w->unit)
                        : report_stopped(w, "before");
}

int detach_wait_begin(DetachWait *w) {
        sigset_t signals;

        find_signals(&signals);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return report_error(w->report, errno, "cannot block signals: %s", strerror(errno));
        w->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (w->signals < 0)
                return report_error(w->report, errno, "cannot receive signals: %s", strerror(errno));
        w->patience = patience_begin(w->report);
        w->patience.signals = w->signals;
        w->patience.interrupted = interrupted;
        w->patience.userdata = w;
        w->patience.grace_msec = ANSWER_MSEC;
        return 0;
}

/* Passes on what the other isorun has written so far. */
static void relay(int messages) {
        char text[4096];
        ssize_t n;

        while ((n = TEMP_FAILURE_RETRY(read(messages, text, sizeof(text)))) > 0)
                if (TEMP_FAILURE_RETRY(write(STDERR_FILENO, text, (size_t) n)) < 0)
                        return;
}

/* Stops the service, and waits until it has ended. A second signal ends this wait. */
static void stop(DetachWait *w) {
        struct pollfd fd = { .fd = w->socket };
        unsigned char status = 1;
        int r;

        patience_end(&w->patience);
        w->patience.grace_msec = 0;
        r = transient_service_stop(w->plan, w->unit, w->socket, &w->patience, w->report);
        while (r >= 0 && !fd.revents)
                r = patience_poll(&w->patience, &fd, 1, -1);
        if (r < 0)
                return;
        (void) recv(w->socket, &status, 1, MSG_DONTWAIT);
        report_stopped(w, status == 0 ? "just after" : "before");
}

/* Waits for the other isorun's answer, or for a signal. */
static void wait_for_events(DetachWait *w) {
        struct pollfd fds[] = { { .fd = w->messages, .events = POLLIN }, { .fd = w->socket, .events = POLLIN },
                                { .fd = w->signals, .events = POLLIN } };

        while (!fds[1].revents && !fds[2].revents)
                if (poll(fds, ELEMENTSOF(fds), -1) > 0) {
                        relay(w->messages);
                        if (!(fds[0].revents & POLLIN))
                                fds[0].fd = -1; /* it has hung up */
                }
        relay(w->messages);
}

int detach_wait_for_start(DetachWait *w) {
        unsigned char status;
        ssize_t n;

        wait_for_events(w);
        n = TEMP_FAILURE_RETRY(recv(w->socket, &status, 1, MSG_DONTWAIT));
        if (n == 1)
                return status; /* also if a signal has come: it is too late */
        if (n < 0 && errno == EAGAIN && take_signal(w))
                stop(w);
        else
                report_error(w->report, ECHILD, "--detach: %s ended before the command started; see journalctl",
                             w->unit);
        return PLAN_FAILED;
}

int detach_wait_interrupted(const DetachWait *w) {
        if (w->sig == SIGINT || w->sig == SIGQUIT)
                process_die_of(w->sig); /* so that a shell's loop ends at ^C */
        return 128 + w->sig;
}
