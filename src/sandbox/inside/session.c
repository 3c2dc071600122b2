/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "sandbox/inside/serve.h"
#include "sandbox/wire/control.h"
#include "sandbox/wire/signals.h"
#include "util/fd.h"

static void refuse(int connection, int error, const char *what) {
        ControlReply reply = { .type = CONTROL_FAILED, .value = error, .status = PLAN_FAILED };

        snprintf(reply.text, sizeof(reply.text), "%s: %s", what, strerror(error));
        (void) control_send_reply(connection, &reply, NULL, 0);
        fd_close(connection);
}

void sessions_add(Sessions *s, int connection) {
        _cleanup_(failure_unsharep) Failure *shared = NULL;
        int fds[2];
        pid_t pid;

        if (s->n == SESSIONS_MAX) {
                refuse(connection, EUSERS, "too many commands have entered this instance");
                return;
        }
        shared = failure_share();
        if (!shared || pipe2(fds, O_CLOEXEC) < 0) {
                refuse(connection, errno, "cannot prepare a process for the command");
                return;
        }

        pid = fork();
        if (pid == 0) {
                close(fds[0]);
                serve(s->payload, connection, shared);
        }
        close(fds[1]);
        if (pid < 0) {
                refuse(connection, errno, "cannot fork a process for the command");
                close(fds[0]);
                return;
        }
        s->items[s->n++] = (Session) { .pid = pid, .connection = connection, .started = fds[0],
                                          .shared = TAKE_PTR(shared) };
}

/* isorun prints the text. After --hand-over, nothing prints it. */
static void tell_isorun(int socket, const char *text) {
        Message m = { .type = MESSAGE_REFUSED };

        snprintf(m.text, sizeof(m.text), "%s", text);
        if (socket >= 0)
                (void) message_send(socket, &m, NULL, 0);
}

/* The process has become the command, or has failed. Sends isoctl the answer. */
static void settle_start(const Sessions *sessions, Session *s) {
        ControlReply reply = { .type = CONTROL_STARTED };
        Failure f;

        if (failure_take(s->shared, &f) < 0) {
                reply = (ControlReply) { .type = CONTROL_FAILED, .value = f.message.value, .status = f.message.status };
                snprintf(reply.text, sizeof(reply.text), "%s", f.message.text);
        }
        if (reply.value == EPROTONOSUPPORT)
                tell_isorun(*sessions->isorun, reply.text);
        (void) control_send_reply(s->connection, &reply, NULL, 0);
        s->started = fd_close(s->started);
        s->shared = failure_unshare(s->shared);
}

/* The process became a session leader, and so the leader of its process group, before it became the command. */
static void signal_group(const Session *s, int sig) {
        (void) kill(-s->pid, sig);
}

/* isoctl has sent a signal, or has hung up. */
static void listen_to(Session *s) {
        int sig, r;

        r = control_receive_signal(s->connection, &sig);
        if (r > 0)
                signal_group(s, sig);
        if (r > 0 || r == -EAGAIN)
                return;
        /* The kernel sends the same signals when a terminal hangs up. */
        signal_group(s, SIGHUP);
        signal_group(s, SIGCONT);
        s->connection = fd_close(s->connection);
}

unsigned sessions_fill(const Sessions *s, struct pollfd fds[static SESSIONS_MAX]) {
        for (unsigned i = 0; i < s->n; i++) {
                const Session *item = &s->items[i];

                fds[i] = (struct pollfd) { .fd = item->started >= 0 ? item->started : item->connection,
                                           .events = POLLIN };
        }
        return s->n;
}

static Session *find(Sessions *s, int fd) {
        for (unsigned i = 0; i < s->n; i++)
                if (s->items[i].started == fd || s->items[i].connection == fd)
                        return &s->items[i];
        return NULL;
}

void sessions_process(Sessions *s, const struct pollfd *fds, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                /* The session may have ended since poll(2). */
                Session *item = fds[i].fd >= 0 && fds[i].revents ? find(s, fds[i].fd) : NULL;

                if (item && item->started == fds[i].fd)
                        settle_start(s, item);
                else if (item && item->started < 0)
                        listen_to(item);
        }
}

bool sessions_have(const Sessions *s, pid_t pid) {
        for (unsigned i = 0; i < s->n; i++)
                if (s->items[i].pid == pid)
                        return true;
        return false;
}

void sessions_reap(Sessions *s, pid_t pid, int wait_status) {
        for (unsigned i = 0; i < s->n; i++) {
                Session *item = &s->items[i];

                if (item->pid != pid)
                        continue;
                if (item->started >= 0)
                        settle_start(s, item);
                (void) control_send_reply(item->connection,
                                          &(ControlReply) { .type = CONTROL_EXITED, .value = wait_status }, NULL, 0);
                fd_close(item->connection);
                *item = s->items[--s->n];
                return;
        }
}
