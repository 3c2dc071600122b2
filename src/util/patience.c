/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/clock.h"

Patience patience_begin(Report *report) {
        return (Patience) { .report = report, .end = clock_usec(CLOCK_MONOTONIC) + PATIENCE_MSEC * 1000 };
}

int patience_left(const Patience *p) {
        uint64_t now;

        if (!p->end)
                return -1;
        now = clock_usec(CLOCK_MONOTONIC);
        return now < p->end ? (int) ((p->end - now) / 1000) + 1 : 0;
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
