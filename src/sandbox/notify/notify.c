/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/notify/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/notify/text.h"
#include "sandbox/wire/packet.h"
#include "util/fd.h"
#include "util/kernel.h"

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
        TOLD_TAKER,
        _TOLD_MAX,
} Told;

typedef struct NotifyMessage {
        char text[MESSAGE_SIZE_MAX];
        size_t size;
        int fds[PACKET_SEND_FDS_MAX];
        unsigned n_fds;
        struct ucred sender;
        bool queued; /* it has fds, so it is still in the socket */
} NotifyMessage;

struct Notify {
        int in, out;
        int taker; /* pidfd of the process that takes a message with fds out of the socket, or -1 */
        pid_t payload;
        NotifyAccess access;
        NotifyStore store;
        const NotifyOwner *owner;
        bool only_ready, said_ready; /* notify_only_ready() */
        Report *report;
        bool told[_TOLD_MAX];
        bool pending; /* message is not sent yet */
        bool stopped; /* no message can be taken out of the socket */
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
        n->taker = -1;
        n->payload = 0;
        n->access = NOTIFY_ACCESS_UNKNOWN;
        n->store = NOTIFY_STORE_UNKNOWN;
        n->owner = owner;
        n->only_ready = n->said_ready = false;
        n->report = report;
        memset(n->told, 0, sizeof(n->told));
        n->pending = false;
        n->stopped = false;
        n->message.n_fds = 0;
        n->message.queued = false;
        return n;
}

/* Whether close(2) may wait, for a time that the sender has chosen: socket(7), SO_LINGER. */
static bool lingers(int fd) {
        struct linger how;
        socklen_t size = sizeof(how);

        return getsockopt(fd, SOL_SOCKET, SO_LINGER, &how, &size) >= 0 && how.l_onoff && how.l_linger > 0;
}

static void tell(Notify *n, Told what, const char *text) {
        if (n->report && !n->told[what])
                report_notice(n->report, "isorun drops this message to NOTIFY_SOCKET, and the next ones like it "
                                         "without a notice: %s", text);
        n->told[what] = true;
}

/* What the process does that takes a message out of the socket. Its exit closes the fds, and while a process exits, the
 * kernel does not wait for a socket. Calls no function that needs a lock of glibc. */
_Noreturn static void take_in_child(int in) {
        char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * PACKET_SEND_FDS_MAX)];
        struct msghdr h = { .msg_control = control, .msg_controllen = sizeof(control) };
        struct rlimit files;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* Room for all fds: recvmsg(2) itself would close those that find none. */
        if (dup2(in, STDIN_FILENO) >= 0)
                (void) close_range(STDOUT_FILENO, ~0U, 0);
        if (getrlimit(RLIMIT_NOFILE, &files) >= 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        (void) TEMP_FAILURE_RETRY(recvmsg(STDIN_FILENO, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
        _exit(EXIT_SUCCESS);
}

/* Whoever closes a socket last may have to wait, for a time that the sender has chosen (SO_LINGER in socket(7)); also
 * if the socket is in the queue of another one. So this process never has the last reference to a file of a message: it
 * looks at the message with MSG_PEEK, and a child, which nobody waits for, takes it out of the socket. */
static void take(Notify *n) {
        struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t) &n->taker };
        const pid_t pid = sys_clone3(&args);

        if (pid == 0)
                take_in_child(n->in);
        if (pid > 0)
                return;
        n->taker = -1;
        n->stopped = true;
        tell(n, TOLD_TAKER, strerror(errno));
}

/* The process has ended. It sends no SIGCHLD, so only this waits for it. */
static void took(Notify *n) {
        (void) TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t) n->taker, &(siginfo_t) {}, WEXITED | WNOHANG | __WALL));
        n->taker = fd_close(n->taker);
}

static void forget_fds(NotifyMessage *m) {
        fds_close(m->fds, m->n_fds);
        m->n_fds = 0;
}

static void drop(Notify *n) {
        forget_fds(&n->message);
        n->pending = false;
        if (n->message.queued)
                take(n);
        n->message.queued = false;
}

/* The socket stays open until this process exits: it may have messages with fds, see take(). */
Notify *notify_free(Notify *n) {
        if (!n)
                return NULL;
        forget_fds(&n->message);
        if (n->taker >= 0) {
                (void) sys_pidfd_send_signal(n->taker, SIGKILL);
                took(n);
        }
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

void notify_only_ready(Notify *n) {
        n->only_ready = true;
}

void notify_get_fds(const Notify *n, int *ret_in, int *ret_out) {
        *ret_in = n->in;
        *ret_out = n->out;
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

/* Looks at the first message of the socket: at size bytes of its text and at n_fds of its fds. Returns the size and the
 * flags of recvmsg(2): MSG_CTRUNC if it has more fds. Returns -1 if no message is there. */
static ssize_t look(Notify *n, char *text, size_t size, unsigned n_fds, int *ret_flags) {
        struct iovec part = { .iov_base = text, .iov_len = size };
        union {
                char buffer[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * PACKET_SEND_FDS_MAX)];
                struct cmsghdr align;
        } control;
        struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control };
        ssize_t r;

        h.msg_controllen = CMSG_SPACE(sizeof(struct ucred)) + (n_fds > 0 ? CMSG_SPACE(sizeof(int) * n_fds) : 0);
        r = TEMP_FAILURE_RETRY(recvmsg(n->in, &h, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
        if (r < 0)
                return -1;
        n->message.sender = (struct ucred) {};
        take_control(&n->message, &h);
        *ret_flags = h.msg_flags;
        return r;
}

/* Takes a message without waiting; one with fds stays in the socket until drop(). Returns 1 and MSG_TRUNC if it is too
 * long, or 0 if no message is there. */
static int receive(Notify *n, int *ret_flags) {
        NotifyMessage *m = &n->message;
        ssize_t size;

        m->n_fds = 0;
        size = look(n, m->text, sizeof(m->text), 0, ret_flags);
        if (size < 0)
                return 0;
        m->size = (size_t) size;
        m->queued = *ret_flags & MSG_CTRUNC;
        if (!m->queued)
                (void) TEMP_FAILURE_RETRY(recv(n->in, NULL, 0, MSG_DONTWAIT));
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

static bool get_fds(Notify *n) {
        int flags = 0;

        if (look(n, NULL, 0, PACKET_SEND_FDS_MAX, &flags) >= 0 && !(flags & MSG_CTRUNC))
                return true;
        tell(n, TOLD_TRUNCATED, "it has more file descriptors than isorun can open");
        return false;
}

static bool is_pipe_alone(const NotifyMessage *m) {
        return m->n_fds == 1 && fcntl(m->fds[0], F_GETPIPE_SZ) >= 0;
}

/* Decides whether to pass on a message's fds. Returns false to drop the message. If systemd does not keep an fd, it
 * closes it in its main loop (as of 252), and does nothing else until close(2) returns. The payload could make that
 * last as long as it likes, see take(). So isorun passes on only pipes, whose close never waits, and fds that systemd
 * keeps. */
static bool admit_fds(Notify *n) {
        NotifyMessage *m = &n->message;

        if (!m->queued)
                return true;
        if (m->size > PIPE_BUF) {
                tell(n, TOLD_TRUNCATED, "it has file descriptors and is longer than systemd accepts");
                return false;
        }
        if (notify_text_has(m->text, m->size, "BARRIER=1")) {
                if (!get_fds(n))
                        return false;
                if (is_pipe_alone(m))
                        return true;
                tell(n, TOLD_BARRIER, "with BARRIER=1, it must have exactly one file descriptor, a pipe");
                return false;
        }
        if (!notify_text_has(m->text, m->size, "FDSTORE=1") || notify_text_has(m->text, m->size, "FDSTOREREMOVE=1"))
                return true;
        if (!is_stored(n) || !get_fds(n))
                return false;
        for (unsigned i = 0; i < m->n_fds; i++)
                if (lingers(m->fds[i])) {
                        tell(n, TOLD_WAITS, "it has a socket that may block when it is closed (SO_LINGER)");
                        return false;
                }
        return true;
}

/* A container could send others without end, and the manager would have to read them. */
static bool admit_ready(Notify *n) {
        if (n->said_ready || !notify_text_has(n->message.text, n->message.size, "READY=1"))
                return false;
        n->said_ready = true;
        return true;
}

static void write_ready(Notify *n) {
        const char *text = n->owner->say_ready(n->owner->userdata);

        n->message.size = strlen(text);
        memcpy(n->message.text, text, n->message.size);
}

/* Returns whether to relay the message, after removing what must not be relayed. */
static bool admit(Notify *n, int flags) {
        NotifyMessage *m = &n->message;
        size_t size = m->size;
        pid_t pid;

        if (size == 0 || !may_speak(n))
                return false;
        if (flags & MSG_TRUNC) {
                tell(n, TOLD_TRUNCATED, "it is longer than 64 KiB");
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

        if (n->only_ready)
                write_ready(n);
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
        fds[0] = (struct pollfd) { .fd = n && !n->pending && !n->stopped ? n->in : -1, .events = POLLIN };
        if (n && n->taker >= 0)
                fds[0].fd = n->taker;
        fds[1] = (struct pollfd) { .fd = n && n->pending ? n->out : -1, .events = POLLOUT };
}

static bool may_read(const Notify *n) {
        return !n->pending && !n->stopped && n->taker < 0;
}

void notify_process(Notify *n, const struct pollfd fds[static NOTIFY_FDS]) {
        if (!n)
                return;
        if (n->pending && fds[1].revents)
                send_on(n);
        if (n->taker >= 0 && fds[0].revents)
                took(n);
        else
                for (unsigned i = 0; i < BATCH && may_read(n) && fds[0].revents && relay_one(n); i++)
                        ;
}

void notify_finish(Notify *n) {
        for (unsigned i = 0; n && n->in >= 0 && i < FINISH_MESSAGES; i++) {
                if (n->pending) {
                        if (poll(&(struct pollfd) { .fd = n->out, .events = POLLOUT }, 1, FINISH_MSEC) <= 0)
                                return;
                        send_on(n);
                } else if (n->taker >= 0) {
                        if (poll(&(struct pollfd) { .fd = n->taker, .events = POLLIN }, 1, FINISH_MSEC) <= 0)
                                return;
                        took(n);
                } else if (n->stopped || !relay_one(n))
                        return;
        }
}
