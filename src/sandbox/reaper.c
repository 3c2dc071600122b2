/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/message.h"
#include "sandbox/signals.h"
#include "util/fd.h"
#include "util/kernel.h"

typedef struct Reaper {
        const Payload *payload;
        int socket;
        int signals;
        struct {
                int64_t when; /* it arrived here, in ms; 0: not, or isorun has asked about it since */
                bool kernel;  /* sent by the terminal */
        } seen[SIGNAL_MAX + 1];
} Reaper;

_Noreturn static void finish(const Reaper *r, int wait_status) {
        Message m = { .type = MESSAGE_EXITED, .value = wait_status };

        /* isorun looks at the unit's cgroup, which lasts as long as this process does, and then hangs up. */
        if (message_send(r->socket, &m, NULL, 0) >= 0)
                while (message_receive(r->socket, &m, NULL, 0) > 0)
                        ;
        _exit(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
}

static void reap(const Reaper *r) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (pid == r->payload->pid)
                        finish(r, status);
}

static int64_t now_msec(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drain_signals(Reaper *r) {
        struct signalfd_siginfo info;

        while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
                if (info.ssi_signo == SIGCHLD)
                        reap(r);
                else if (info.ssi_signo <= SIGNAL_MAX && info.ssi_pid == 0) { /* from outside of the pid namespace */
                        r->seen[info.ssi_signo].when = now_msec();
                        r->seen[info.ssi_signo].kernel = info.ssi_code == SI_KERNEL;
                }
        }
}

/* A signal to a whole process group, or to a whole cgroup, has come here just as it has come to isorun: then the
 * payload has it, too. One that was sent to isorun alone must be handed on. Those who send to many do it one by one,
 * so it may take a moment. */
static bool payload_has(Reaper *r, int sig, bool from_manager) {
        struct pollfd p = { .fd = r->signals, .events = POLLIN };
        int patience = from_manager ? SIGNAL_GRACE_MANAGER_MSEC : SIGNAL_GRACE_MSEC;
        int64_t asked = now_msec(), left = patience;
        bool same_group;

        drain_signals(r);
        /* One of longer ago was another one, sent to the unit alone. */
        if (r->seen[sig].when < asked - patience)
                r->seen[sig].when = 0;
        for (; !r->seen[sig].when && left > 0; left = asked + patience - now_msec())
                if (poll(&p, 1, (int) left) > 0)
                        drain_signals(r);
        if (!r->seen[sig].when)
                return false;

        r->seen[sig].when = 0;
        same_group = getpgid(r->payload->pid) == getpgrp();
        return from_manager || same_group || r->seen[sig].kernel;
}

static void answer(Reaper *r) {
        Message m;

        if (message_receive(r->socket, &m, NULL, 0) <= 0)
                _exit(PLAN_FAILED); /* isorun is gone, and the kernel kills what is left here */
        if (m.type != MESSAGE_SIGNAL || m.value < 1 || m.value > SIGNAL_MAX)
                return;

        m.status = payload_has(r, m.value, m.status);
        m.type = MESSAGE_SEEN;
        (void) message_send(r->socket, &m, NULL, 0);
}

static int announce(const Reaper *r) {
        _cleanup_close_ int pidfd = sys_pidfd_open(r->payload->pid, 0);
        Message m = { .type = MESSAGE_STARTED, .value = r->payload->pid };

        if (pidfd < 0)
                return -errno;
        return message_send(r->socket, &m, &pidfd, 1);
}

/* Else a reader of the payload's output would wait for this process, too, to close it. */
static void close_standard_io(void) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = 0; fd < 3; fd++)
                if (null < 0 || dup2(null, fd) < 0)
                        close(fd);
}

/* All that came across clone3(2), but for the socket. */
static int close_others(int socket) {
        int fd = fcntl(socket, F_DUPFD_CLOEXEC, 3);

        if (fd < 0 || dup3(fd, 3, O_CLOEXEC) < 0)
                return socket;
        close_range(4, ~0U, 0);
        return 3;
}

_Noreturn void reaper_main(const Payload *payload) {
        sigset_t mask = payload->inside->forwarded;
        Reaper r = { .payload = payload };

        close_standard_io();
        r.socket = close_others(payload->inside->socket);
        sigaddset(&mask, SIGCHLD);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        r.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (r.signals < 0 || announce(&r) < 0)
                _exit(PLAN_FAILED);

        /* It may have ended before SIGCHLD was looked for. */
        reap(&r);
        for (;;) {
                struct pollfd fds[2] = { { .fd = r.socket, .events = POLLIN }, { .fd = r.signals, .events = POLLIN } };

                if (poll(fds, 2, -1) < 0 && errno != EINTR)
                        _exit(PLAN_FAILED);
                if (fds[1].revents)
                        drain_signals(&r);
                if (fds[0].revents)
                        answer(&r);
        }
}
