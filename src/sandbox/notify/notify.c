/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/notify/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>

#include "sandbox/notify/text.h"
#include "sandbox/wire/packet.h"
#include "util/fd.h"

enum {
        MESSAGE_SIZE_MAX = 64 << 10, /* systemd accepts 4 KiB (PIPE_BUF) */
        BATCH = 32,
        FINISH_MESSAGES = 1024,      /* more than the queue of a socket holds */
        FINISH_MSEC = 1000,
};

/* Reasons for dropping messages. Each is reported only once. */
typedef enum Told {
        TOLD_ACCESS,
        TOLD_TRUNCATED,
        TOLD_NUL,
        TOLD_REFUSED,
        TOLD_WAITS,
        TOLD_BARRIER,
        TOLD_STORE,
        _TOLD_MAX,
} Told;

typedef struct NotifyMessage {
        char text[MESSAGE_SIZE_MAX];
        size_t size;
        int fds[PACKET_SEND_FDS_MAX];
        unsigned n_fds;
        struct ucred sender;
} NotifyMessage;

struct Notify {
        int in, out;
        pid_t payload;
        NotifyAccess access;
        NotifyStore store;
        const NotifyOwner *owner;
        const char *only_ready; /* what READY=1 is passed on as, alone; NULL: all messages are */
        Report *report;
        bool told[_TOLD_MAX];
        bool pending; /* message is not sent yet */
        NotifyMessage message;
};

int notify_connect(const char *address) {
        _cleanup_close_ int fd = -1;
        struct sockaddr_un sun;
        socklen_t size;
        int r;

        r = notify_address(address, &sun, &size);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &sun, size) < 0)
                return -errno;
        return TAKE_FD(fd);
}

Notify *notify_new(int out, const NotifyOwner *owner, Report *report) {
        Notify *n = malloc(sizeof(Notify));

        if (!n)
                return NULL;
        /* Fields are set one by one, because most pages of the message are never touched. */
        n->in = -1;
        n->out = out;
        n->payload = 0;
        n->access = NOTIFY_ACCESS_UNKNOWN;
        n->store = NOTIFY_STORE_UNKNOWN;
        n->owner = owner;
        n->only_ready = NULL;
        n->report = report;
        memset(n->told, 0, sizeof(n->told));
        n->pending = false;
        n->message.n_fds = 0;
        return n;
}

/* Whether close(2) may wait, for a time that the sender has chosen: socket(7), SO_LINGER. */
static bool lingers(int fd) {
        struct linger how;
        socklen_t size = sizeof(how);

        return getsockopt(fd, SOL_SOCKET, SO_LINGER, &how, &size) >= 0 && how.l_onoff && how.l_linger > 0;
}

static void drop(Notify *n) {
        for (unsigned i = 0; i < n->message.n_fds; i++)
                if (lingers(n->message.fds[i]))
                        (void) setsockopt(n->message.fds[i], SOL_SOCKET, SO_LINGER, &(struct linger) {},
                                          sizeof(struct linger));
        fds_close(n->message.fds, n->message.n_fds);
        n->message.n_fds = 0;
        n->pending = false;
}

Notify *notify_free(Notify *n) {
        if (!n)
                return NULL;
        drop(n);
        fd_close(n->in);
        fd_close(n->out);
        free(n);
        return NULL;
}

void notify_begin(Notify *n, int in, pid_t payload, NotifyAccess access, NotifyStore store) {
        n->in = in;
        n->payload = payload;
        n->access = access;
        n->store = store;
}

void notify_only_ready(Notify *n, const char *text) {
        n->only_ready = text;
}

void notify_get_fds(const Notify *n, int *ret_in, int *ret_out) {
        *ret_in = n->in;
        *ret_out = n->out;
}

static void tell(Notify *n, Told what, const char *text) {
        if (n->report && !n->told[what])
                report_notice(n->report, "isorun drops this message to NOTIFY_SOCKET, and the next ones like it "
                                         "without a notice: %s", text);
        n->told[what] = true;
}

static void take_control(NotifyMessage *m, struct msghdr *h) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
                size_t size = c->cmsg_len - CMSG_LEN(0);

                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_CREDENTIALS && size >= sizeof(m->sender))
                        memcpy(&m->sender, CMSG_DATA(c), sizeof(m->sender));
                if (c->cmsg_type == SCM_RIGHTS) {
                        memcpy(m->fds, CMSG_DATA(c), size);
                        m->n_fds = (unsigned) (size / sizeof(int));
                }
        }
}

/* Receives a message without waiting. Returns 1 and the flags of recvmsg(2), or 0 if no message is there. */
static int receive(Notify *n, int *ret_flags) {
        NotifyMessage *m = &n->message;
        struct iovec part = { .iov_base = m->text, .iov_len = sizeof(m->text) };
        union {
                char buffer[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * PACKET_SEND_FDS_MAX)];
                struct cmsghdr align;
        } control;
        struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                            .msg_controllen = sizeof(control) };
        ssize_t size;

        size = TEMP_FAILURE_RETRY(recvmsg(n->in, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
        if (size < 0)
                return 0;
        m->size = (size_t) size;
        m->n_fds = 0;
        m->sender = (struct ucred) {};
        take_control(m, &h);
        *ret_flags = h.msg_flags;
        return 1;
}

static bool may_speak(Notify *n) {
        if (n->message.sender.pid > 0 && n->message.sender.pid == n->payload)
                return true;
        if (n->access == NOTIFY_ACCESS_UNKNOWN)
                n->access = n->owner ? n->owner->ask_access(n->owner->userdata) : NOTIFY_ACCESS_MAIN;
        if (n->access == NOTIFY_ACCESS_ALL)
                return true;
        tell(n, TOLD_ACCESS,
             "the command's first process did not send it, and the unit's NotifyAccess= is not \"all\" or is unknown");
        return false;
}

static bool is_stored(Notify *n) {
        if (n->store == NOTIFY_STORE_UNKNOWN)
                n->store = n->owner ? n->owner->ask_store(n->owner->userdata) : NOTIFY_STORE_NO;
        if (n->store == NOTIFY_STORE_NO)
                tell(n, TOLD_STORE,
                     "it has a file descriptor to store, and the unit's FileDescriptorStoreMax= is 0 or unknown");
        return n->store == NOTIFY_STORE_YES;
}

/* Decides whether to pass on a message's fds. Returns false to drop the message. If systemd does not keep an fd, it
 * closes it in its main loop (as of 252), and does nothing else until close(2) returns. The payload could make that
 * last as long as it likes, with a socket that has SO_LINGER, or a unix socket that has such a socket in its queue. So
 * isorun passes on only pipes, whose close never waits, and fds that systemd keeps. */
static bool admit_fds(Notify *n) {
        NotifyMessage *m = &n->message;

        for (unsigned i = 0; i < m->n_fds; i++)
                if (lingers(m->fds[i])) {
                        tell(n, TOLD_WAITS, "it has a socket that may block when it is closed (SO_LINGER)");
                        return false;
                }
        if (m->n_fds > 0 && m->size > PIPE_BUF) {
                tell(n, TOLD_TRUNCATED, "it has file descriptors and is longer than systemd accepts");
                return false;
        }
        if (m->n_fds > 0 && notify_text_has(m->text, m->size, "BARRIER=1")) {
                if (m->n_fds == 1 && fcntl(m->fds[0], F_GETPIPE_SZ) >= 0)
                        return true;
                tell(n, TOLD_BARRIER, "with BARRIER=1, it must have exactly one file descriptor, a pipe");
                return false;
        }
        if (m->n_fds > 0 && notify_text_has(m->text, m->size, "FDSTORE=1") &&
            !notify_text_has(m->text, m->size, "FDSTOREREMOVE=1"))
                return is_stored(n);
        drop(n);
        return true;
}

static bool admit_ready(Notify *n) {
        NotifyMessage *m = &n->message;

        if (!notify_text_has(m->text, m->size, "READY=1"))
                return false;
        drop(n);
        m->size = strlen(n->only_ready);
        memcpy(m->text, n->only_ready, m->size);
        if (n->owner)
                n->owner->ready(n->owner->userdata);
        return true;
}

/* Returns whether to relay the message, after removing what must not be relayed. */
static bool admit(Notify *n, int flags) {
        NotifyMessage *m = &n->message;
        size_t size = m->size;
        pid_t pid;

        if (size == 0 || !may_speak(n))
                return false;
        if (flags & (MSG_TRUNC | MSG_CTRUNC)) {
                tell(n, TOLD_TRUNCATED, flags & MSG_TRUNC ? "it is longer than 64 KiB"
                                                          : "it has more file descriptors than isorun can open");
                return false;
        }
        /* systemd refuses it too. Otherwise systemd could find other lines in it than isorun does. */
        if (!notify_text_is_whole(m->text, size)) {
                tell(n, TOLD_NUL, "it contains a NUL byte");
                return false;
        }
        if (n->only_ready)
                return admit_ready(n);
        /* Since systemd 254, a message can change the unit's NotifyAccess=. isorun follows if it becomes narrower. If
         * it becomes wider, the value that systemd named when isorun asked still holds. */
        if (notify_text_denies(m->text, size, "NOTIFYACCESS=", "NOTIFYACCESS=all"))
                n->access = NOTIFY_ACCESS_MAIN;

        m->size = notify_text_strip(m->text, size, &pid);
        if (pid && n->owner)
                n->owner->named_main(n->owner->userdata, pid, &m->sender);
        if (m->size == 0 || !admit_fds(n))
                return false;
        if (n->owner && notify_text_has(m->text, m->size, "READY=1"))
                n->owner->ready(n->owner->userdata);
        return true;
}

static int transmit(int socket, const char *text, size_t size, const int *fds, unsigned n_fds) {
        struct iovec part = { .iov_base = (void *) text, .iov_len = size };

        return packet_send(socket, &part, 1, fds, n_fds, MSG_DONTWAIT);
}

/* Sends the message, and repeats it for each of its fds with one fd at a time. If the socket has no room, the rest
 * stays pending. */
static void send_on(Notify *n) {
        NotifyMessage *m = &n->message;
        int r;

        while ((r = transmit(n->out, m->text, m->size, m->fds + m->n_fds - !!m->n_fds, !!m->n_fds)) >= 0 &&
               m->n_fds > 1)
                fd_close(m->fds[--m->n_fds]);

        n->pending = r == -EAGAIN;
        if (r < 0 && !n->pending)
                tell(n, TOLD_REFUSED, strerror(-r));
        if (!n->pending)
                drop(n);
}

/* Returns false if no message was there. */
static bool relay_one(Notify *n) {
        int flags = 0;

        if (!receive(n, &flags))
                return false;
        if (admit(n, flags))
                send_on(n);
        else
                drop(n);
        return true;
}

void notify_say(Notify *n, const char *text) {
        n->message.size = strlen(text);
        memcpy(n->message.text, text, n->message.size);
        send_on(n);
}

int notify_say_now(const Notify *n, const char *text, int fd) {
        int r;

        for (;;) {
                r = transmit(n->out, text, strlen(text), &fd, fd >= 0);
                if (r != -EAGAIN)
                        return r;
                if (poll(&(struct pollfd) { .fd = n->out, .events = POLLOUT }, 1, -1) < 0 && errno != EINTR)
                        return -errno;
        }
}

void notify_fill(const Notify *n, struct pollfd fds[static NOTIFY_FDS]) {
        fds[0] = (struct pollfd) { .fd = n && !n->pending ? n->in : -1, .events = POLLIN };
        fds[1] = (struct pollfd) { .fd = n && n->pending ? n->out : -1, .events = POLLOUT };
}

void notify_process(Notify *n, const struct pollfd fds[static NOTIFY_FDS]) {
        if (!n)
                return;
        if (n->pending && fds[1].revents)
                send_on(n);
        for (unsigned i = 0; i < BATCH && !n->pending && fds[0].revents && relay_one(n); i++)
                ;
}

void notify_finish(Notify *n) {
        for (unsigned i = 0; n && n->in >= 0 && i < FINISH_MESSAGES; i++) {
                if (n->pending) {
                        if (poll(&(struct pollfd) { .fd = n->out, .events = POLLOUT }, 1, FINISH_MSEC) <= 0)
                                return;
                        send_on(n);
                } else if (!relay_one(n))
                        return;
        }
}
