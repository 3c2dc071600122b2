/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/clock.h"

Patience patience_begin(Report *report) {
        return (Patience) { .report = report, .end = clock_usec(CLOCK_MONOTONIC) + PATIENCE_MSEC * 1000,
                            .signals = -1 };
}

void patience_end(Patience *p) {
        p->end = p->grace_end = 0;
}

int patience_left(const Patience *p) {
        return clock_msec_until(p->end);
}

/* The shorter of two timeouts, of which -1 is no timeout. */
static int shorter(int a, int b) {
        return a < 0 || (b >= 0 && b < a) ? b : a;
}

int patience_poll(Patience *p, struct pollfd *fds, size_t n, int timeout_msec) {
        struct pollfd all[1 + PATIENCE_FDS_MAX] = { { .fd = p->grace_end ? -1 : p->signals, .events = POLLIN } };
        int timeout = shorter(shorter(timeout_msec, patience_left(p)), clock_msec_until(p->grace_end)), ready, r = 0;

        if (n > PATIENCE_FDS_MAX)
                return -EINVAL;
        memcpy(all + 1, fds, n * sizeof(*fds));
        ready = poll(all, n + 1, timeout);
        if (ready < 0) /* EINVAL: more fds than RLIMIT_NOFILE allows to be open */
                return errno == EINTR ? 0 : errno == EINVAL ? -EMFILE : -errno;
        memcpy(fds, all + 1, n * sizeof(*fds));

        if (all[0].revents)
                ready--;
        if (all[0].revents && p->grace_msec)
                p->grace_end = clock_usec(CLOCK_MONOTONIC) + (uint64_t) p->grace_msec * 1000;
        else if (all[0].revents || (ready == 0 && clock_msec_until(p->grace_end) == 0)) {
                p->grace_end = 0;
                r = p->interrupted(p->userdata);
        }
        return r < 0 ? r : ready;
}

void patience_check(Patience *p, Origin origin, const char *key, const char *format, ...) {
        char text[512];
        va_list ap;

        if (patience_left(p) != 0)
                return;
        p->end = 0;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        report_notice_at(p->report, origin, key, "%s", text);
}

static void on_timer(_unused_ int sig) {
}

/* Opens the file. Fails with EINTR when the notice is due. It makes its own timer, because the caller may use alarm(2).
 * The timer repeats, because its first signal may arrive just before open(2) begins to wait. */
static int open_until(const Patience *p, const char *path, int flags, mode_t mode) {
        const int left = patience_left(p), sig = SIGRTMIN;
        struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig };
        struct itimerspec when = { .it_value = { left / 1000, left % 1000 * 1000000 + 1 },
                                   .it_interval = { .tv_nsec = 100000000 } };
        struct sigaction action = { .sa_handler = on_timer }, action_before;
        sigset_t mask, mask_before;
        timer_t timer;
        int fd, error;

        if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
                return open(path, flags, mode);
        sigemptyset(&mask);
        sigaddset(&mask, sig);
        (void) sigaction(sig, &action, &action_before);
        (void) sigprocmask(SIG_UNBLOCK, &mask, &mask_before);
        (void) timer_settime(timer, 0, &when, NULL);
        fd = open(path, flags, mode);
        error = errno;
        (void) timer_delete(timer);
        (void) sigprocmask(SIG_SETMASK, &mask_before, NULL);
        (void) sigaction(sig, &action_before, NULL);
        errno = error;
        return fd;
}

int patience_open(Patience *p, Origin origin, const char *key, const char *path, int flags, mode_t mode) {
        struct stat st;
        int fd;

        if (stat(path, &st) >= 0 && S_ISFIFO(st.st_mode))
                do {
                        patience_check(p, origin, key,
                                       "waiting until another process opens the other end of the FIFO %s", path);
                        fd = p->end ? open_until(p, path, flags, mode) : open(path, flags, mode);
                } while (fd < 0 && errno == EINTR);
        else
                fd = open(path, flags, mode);
        return fd < 0 ? -errno : fd;
}
