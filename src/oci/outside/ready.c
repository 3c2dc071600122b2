/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "oci/interrupts.h"
#include "sandbox/wire/packet.h"
#include "sandbox/wire/signals.h"
#include "util/fd.h"
#include "util/text.h"

enum { BARRIER_MSEC = 30000 }; /* for a receiver that does not know BARRIER=1, as runc has it */

int ready_connect(const char *address, Report *report) {
        int fd = notify_connect(address);

        return fd < 0 ? report_error(report, -fd, "cannot connect to NOTIFY_SOCKET=%s: %s", address, strerror(-fd))
                      : fd;
}

static Notify *relay_as(int out, int in, const NotifyOwner *owner, Report *report) {
        Notify *n = notify_new(out, owner, report);

        if (!n) {
                fd_close(out);
                fd_close(in);
                return NULL;
        }
        notify_only_ready(n);
        notify_begin(n, in, 0, NOTIFY_ACCESS_ALL, NOTIFY_STORE_NO);
        return n;
}

static const char *say_ready(_unused_ void *userdata) {
        return "READY=1";
}

Notify *ready_relay(int out, int in) {
        static const NotifyOwner owner = { .say_ready = say_ready };

        return relay_as(out, in, &owner, NULL);
}

/* What wait_ready() looks at. */
typedef struct Waiting {
        Notify *notify;
        int pidfd;   /* of the first process, or -1 if it has ended */
        const char *text; /* what the manager is to know, as long as that process lives */
        int signals; /* those that are to end this process; if they are not blocked, they do so themselves */
        bool ready;
        Report *report;
} Waiting;

/* The pid of a process that has ended may be another one's by now, which the manager would take for the service's main
 * process. */
static const char *say_alive(void *userdata) {
        Waiting *w = userdata;
        struct pollfd ended = { .fd = w->pidfd, .events = POLLIN };

        w->ready = true;
        return w->pidfd >= 0 && poll(&ended, 1, 0) == 0 ? w->text : say_ready(NULL);
}

static int open_signals(Report *report) {
        sigset_t ending;
        int fd;

        sigemptyset(&ending);
        for (int sig = 1; sig <= SIGNAL_MAX; sig++)
                if (signal_is_to_end(sig))
                        sigaddset(&ending, sig);
        fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? report_error(report, errno, "cannot wait for signals: %s", strerror(errno)) : fd;
}

static int interrupted(const Waiting *w) {
        (void) interrupts_take();
        return report_error(w->report, EINTR, "a signal came before the service manager knew that the container is "
                                              "ready");
}

/* Returns 1 if the manager has the message, 0 if the container has ended before, or -errno. */
static int wait_ready(const Waiting *w) {
        struct pollfd fds[NOTIFY_FDS + 2] = { [NOTIFY_FDS].revents = w->pidfd < 0 };

        while (!fds[NOTIFY_FDS].revents) {
                notify_fill(w->notify, fds);
                if (w->ready && fds[1].fd < 0)
                        return 1;
                fds[NOTIFY_FDS] = (struct pollfd) { .fd = w->pidfd, .events = POLLIN };
                fds[NOTIFY_FDS + 1] = (struct pollfd) { .fd = w->signals, .events = POLLIN };
                if (poll(fds, ELEMENTSOF(fds), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return report_error(w->report, errno, "cannot wait for the container: %s", strerror(errno));
                }
                notify_process(w->notify, fds);
                if (fds[NOTIFY_FDS + 1].revents)
                        return interrupted(w);
        }
        notify_finish(w->notify);
        return w->ready;
}

/* systemd closes the pipe when it has read all messages before. Once this process has ended, it would no longer know
 * which service a message is of. */
static int wait_read(const Waiting *w) {
        struct pollfd fds[2] = { [1] = { .fd = w->signals, .events = POLLIN } };
        _cleanup_close_ int reader = -1, writer = -1;
        struct iovec part = { .iov_base = (char *) "BARRIER=1", .iov_len = strlen("BARRIER=1") };
        int in, out, both[2], r;

        notify_get_fds(w->notify, &in, &out);
        if (pipe2(both, O_CLOEXEC) < 0)
                return report_error(w->report, errno, "cannot make a pipe: %s", strerror(errno));
        reader = both[0];
        writer = both[1];
        while ((r = packet_send(out, &part, 1, &writer, 1, MSG_DONTWAIT)) == -EAGAIN) {
                fds[0] = (struct pollfd) { .fd = out, .events = POLLOUT };
                if (poll(fds, ELEMENTSOF(fds), -1) >= 0 && fds[1].revents)
                        return interrupted(w);
        }
        if (r < 0)
                return report_error(w->report, -r, "cannot write to NOTIFY_SOCKET: %s", strerror(-r));
        writer = fd_close(writer);
        fds[0] = (struct pollfd) { .fd = reader, .events = POLLIN };
        r = (int) TEMP_FAILURE_RETRY(poll(fds, ELEMENTSOF(fds), BARRIER_MSEC));
        if (r == 0)
                report_notice(w->report, "NOTIFY_SOCKET: the receiver does not answer BARRIER=1");
        return r > 0 && fds[1].revents && !fds[0].revents ? interrupted(w) : 0;
}

int ready_await(const State *state, int out, int in, Report *report) {
        _cleanup_close_ int pidfd = -1, signals = open_signals(report);
        _cleanup_free_ char *text = format("MAINPID=%d\nREADY=1", (int) state->pid);
        Waiting w = { .text = text, .report = report };
        const NotifyOwner owner = { .say_ready = say_alive, .userdata = &w };
        Status status;
        int r = state_status(state, &status, &pidfd, report);

        w.notify = relay_as(out, in, &owner, report);
        w.signals = signals;
        w.pidfd = pidfd;
        if (r >= 0 && signals < 0)
                r = signals;
        else if (r >= 0 && (!w.notify || !text))
                r = report_oom(report);
        if (r >= 0)
                r = wait_ready(&w);
        if (r > 0)
                r = wait_read(&w);
        notify_free(w.notify);
        return r;
}
