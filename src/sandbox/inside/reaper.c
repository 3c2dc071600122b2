/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "sandbox/inside/full.h"
#include "sandbox/inside/keep-answers.h"
#include "sandbox/inside/pty.h"
#include "sandbox/inside/session.h"
#include "sandbox/inside/take-over.h"
#include "sandbox/inside/unmount.h"
#include "sandbox/wire/message.h"
#include "sandbox/wire/signals.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/memory.h"

/* The payload can make events faster than they are handled: signals to this process, orphans, children that stop. So
 * they are handled in batches, and isorun and isoctl get their turn after each one. */
enum { BATCH = 64, TELL_MSEC = 200 };

typedef struct Reaper {
        Payload *payload;
        Sessions sessions;
        int socket; /* -1: isorun has handed over and is gone */
        int signals;
        int answers; /* of keep_answers_open(); -1: isorun does not hand over */
        TakeOver take_over;
        bool own_session;
        bool stopped; /* whether the payload is stopped; known only with an own session */
        bool more;    /* there may be more children to reap */
        bool stop;    /* isorun is to be told that isoctl stops the instance */
        int64_t told; /* when MESSAGE_ENDING was last sent, in ms of CLOCK_MONOTONIC */
        struct {
                unsigned n;   /* how many have arrived that isorun has not asked about; only real-time signals can be
                                 more than one, signal(7) */
                int64_t when; /* when the last one arrived, in ms of CLOCK_MONOTONIC */
                bool kernel;  /* the caller's terminal sent it */
        } seen[SIGNAL_MAX + 1];
} Reaper;

static bool runs(pid_t pid) {
        siginfo_t info = {};

        return waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) >= 0 && info.si_pid == 0;
}

/* The child of this process that is the oldest, except those of sessions and those that have ended, or 0. Looks only at
 * those that one read(2) tells, some hundreds: each end with success waits for this. */
static pid_t find_left(const Reaper *r) {
        _cleanup_free_ char *text = NULL;

        if (record_read(AT_FDCWD, "/proc/thread-self/children", &text, NULL) < 0)
                return 0;
        for (char *rest = text, *word; (word = strsep(&rest, " "));) {
                const pid_t pid = (pid_t) strtol(word, NULL, 10);

                if (pid > 0 && pid != r->payload->pid && !sessions_have(&r->sessions, pid) && runs(pid))
                        return pid;
        }
        return 0;
}

/* A payload that ends with success and leaves processes may be a server that has gone into the background. Writes the
 * name of the first one, which the payload has chosen. Returns whether there is one. */
static bool name_left(const Reaper *r, char ret[static sizeof(((Message *) 0)->text)]) {
        _cleanup_free_ char *name = NULL;
        pid_t left = find_left(r);
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/comm", left);
        if (left == 0 || file_read_line(AT_FDCWD, path, &name) < 0)
                return false;
        snprintf(ret, sizeof(((Message *) 0)->text), "%s", name);
        return true;
}

/* Whether isorun needs this process until it hangs up. It reads the unit's cgroup, which exists as long as this process
 * does, and looks at what the payload had. The terminal keeps what isorun has not shown yet as long as its session has
 * this leader. Otherwise this process need not wait to be killed. */
static bool is_needed(const Reaper *r) {
        const Plan *plan = r->payload->inside->plan;

        return plan->holder != HOLDER_NONE || plan->watched || r->payload->terminal >= 0;
}

_Noreturn static void finish(const Reaper *r, int wait_status) {
        Message m = { .type = MESSAGE_EXITED, .value = wait_status };

        m.status = wait_status == 0 && r->socket >= 0 && name_left(r, m.text);
        if (r->socket >= 0)
                full_tell(r->payload->inside->plan, r->socket);
        if (r->take_over.done)
                notify_finish(r->take_over.notify);
        if (r->payload->inside->unmount_late)
                unmount_late(r->payload->queues);
        if (r->socket >= 0 && message_send(r->socket, &m, NULL, 0) >= 0 && is_needed(r))
                while (message_receive(r->socket, MESSAGE_TO_INSIDE, &m, NULL, 0) > 0)
                        ;
        _exit(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
}

static int wait_status_of(const siginfo_t *info) {
        if (info->si_code == CLD_EXITED)
                return W_EXITCODE(info->si_status, 0);
        return W_EXITCODE(0, info->si_status) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* A process has stopped or continued. Tells isorun if it is the payload that has stopped. An isorun that is stopped
 * itself reads nothing: then this does not wait until the socket has room. */
static void note_stop(Reaper *r, pid_t pid) {
        siginfo_t info = {};
        Message m = { .type = MESSAGE_STOPPED };

        if (waitid(P_PID, (id_t) pid, &info, WSTOPPED | WCONTINUED | WNOHANG) < 0 || info.si_pid != r->payload->pid)
                return;
        r->stopped = info.si_code == CLD_STOPPED;
        m.value = info.si_status;
        if (r->stopped && poll(&(struct pollfd) { .fd = r->socket, .events = POLLOUT }, 1, 0) == 1)
                (void) message_send(r->socket, &m, NULL, 0);
}

/* With --notify=fork, a payload that ends with success has gone into the background if it leaves processes: the first
 * of them is the payload from now on. A daemon may fork more than once, so this may happen again. */
static bool follow_daemon(Reaper *r, int wait_status) {
        _cleanup_close_ int pidfd = -EBADF;
        pid_t daemon = 0;

        if (r->payload->inside->plan->notify_fork && wait_status == 0)
                daemon = find_left(r);
        if (daemon > 0)
                pidfd = sys_pidfd_open(daemon, 0);
        if (pidfd < 0 || message_send(r->socket, &(Message) { .type = MESSAGE_FORKED }, &pidfd, 1) < 0)
                return false;
        (void) waitpid(r->payload->pid, NULL, 0);
        r->payload->pid = daemon;
        return true;
}

static void payload_ended(Reaper *r, int wait_status) {
        if (!follow_daemon(r, wait_status))
                finish(r, wait_status);
}

/* Handles the next event of a child. Returns false if all have been handled. */
static bool reap_one(Reaper *r) {
        const int events = WEXITED | (r->own_session ? WSTOPPED | WCONTINUED : 0);
        siginfo_t info = {};
        int status;

        if (waitid(P_ALL, 0, &info, events | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
                return false;
        if (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED)
                note_stop(r, info.si_pid);
        else if (info.si_pid == r->payload->pid)
                payload_ended(r, wait_status_of(&info));
        else if (waitpid(info.si_pid, &status, 0) > 0)
                sessions_reap(&r->sessions, info.si_pid, status);
        return true;
}

/* Reaps a batch of children that have ended, except the payload: it stays a zombie until this process ends, so that
 * isorun can still find its pid through its pidfd. Its end comes before that of any orphan. */
static void reap(Reaper *r) {
        siginfo_t info = {};
        unsigned n = 0;

        if (waitid(P_PID, (id_t) r->payload->pid, &info, WEXITED | WNOHANG | WNOWAIT) >= 0 && info.si_pid != 0)
                payload_ended(r, wait_status_of(&info));
        while (n < BATCH && reap_one(r))
                n++;
        r->more = n == BATCH;
}

static int64_t now_msec(void) {
        return (int64_t) (clock_usec(CLOCK_MONOTONIC) / 1000);
}

/* systemd stops a scope by signals to all processes in it, and isorun is not in it. For an instance in a pool, isoctl
 * signals this process. The payload can imitate such signals, so isorun hears of them only now and then. */
static void tell_of_end(Reaper *r, bool signalled) {
        const bool thaws = signalled && r->payload->inside->plan->inner_cgroup;
        const int64_t now = now_msec();

        if ((!thaws && !r->stop) || r->socket < 0 || now < r->told + TELL_MSEC ||
            poll(&(struct pollfd) { .fd = r->socket, .events = POLLOUT }, 1, 0) != 1)
                return;
        r->told = now;
        (void) message_send(r->socket, &(Message) { .type = MESSAGE_ENDING, .value = r->stop }, NULL, 0);
        r->stop = false;
}

static void note_signal(Reaper *r, const struct signalfd_siginfo *info) {
        unsigned sig = info->ssi_signo;

        if (sig > SIGNAL_MAX || info->ssi_pid != 0) /* 0: sent from outside the pid namespace */
                return;
        if (sig == SIGNAL_STOP && info->ssi_code == SI_USER && r->socket >= 0) {
                r->stop = true;
                tell_of_end(r, false);
                return;
        }
        take_over_signal(&r->take_over, (int) sig);
        /* With an own session, the kernel signals only the session leader, this process, and not the payload. */
        if (r->own_session && info->ssi_code == SI_KERNEL)
                return;
        r->seen[sig].n = (int) sig < SIGRTMIN ? 1 : r->seen[sig].n + 1;
        r->seen[sig].when = now_msec();
        r->seen[sig].kernel = info->ssi_code == SI_KERNEL;
        tell_of_end(r, signal_is_to_end((int) sig));
}

/* Reads a batch of signals. The kernel gives lower numbers first, so that real-time signals cannot hide the others. */
static void drain_signals(Reaper *r) {
        struct signalfd_siginfo batch[BATCH];
        ssize_t size = read(r->signals, batch, sizeof(batch));

        for (ssize_t i = 0; i < size / (ssize_t) sizeof(batch[0]); i++)
                if (batch[i].ssi_signo == SIGCHLD)
                        reap(r);
                else
                        note_signal(r, &batch[i]);
}

/* Whether the payload has a signal that isorun got. A signal to a whole process group or cgroup reaches isorun, the
 * reaper and the payload; if the reaper has it, the payload has it too. A signal to isorun alone must be forwarded. The
 * sender signals one process after the other, so the reaper's copy may come a moment later. */
static bool payload_has(Reaper *r, int sig, bool from_manager) {
        struct pollfd p = { .fd = r->signals, .events = POLLIN };
        int patience = from_manager ? SIGNAL_GRACE_MANAGER_MSEC : SIGNAL_GRACE_MSEC;
        int64_t asked = now_msec(), left = patience;
        bool same_group;

        /* Then this process is not in isorun's process group, and a signal that both have was sent to each. */
        if (r->own_session && !from_manager)
                return false;
        drain_signals(r);
        /* An older one is not a copy of this one: it was sent to the reaper, but not to isorun. */
        if (r->seen[sig].when < asked - patience)
                r->seen[sig].n = 0;
        for (; r->seen[sig].n == 0 && left > 0; left = asked + patience - now_msec())
                if (poll(&p, 1, (int) left) > 0)
                        drain_signals(r);
        if (r->seen[sig].n == 0)
                return false;

        r->seen[sig].n--;
        same_group = getpgid(r->payload->pid) == getpgrp();
        return from_manager || same_group || r->seen[sig].kernel;
}

/* Passes on a signal to the payload's process group, as a terminal does. */
static bool signal_group(const Reaper *r, int sig) {
        pid_t group = getpgid(r->payload->pid);

        return group > 0 && group != getpgrp() && kill(-group, sig) >= 0;
}

static void answer_signal(Reaper *r, Message *m) {
        if (m->status == SENDER_TERMINAL && r->own_session)
                m->status = signal_group(r, m->value);
        else
                m->status = payload_has(r, m->value, m->status == SENDER_MANAGER);
        m->type = MESSAGE_SEEN;
        (void) message_send(r->socket, m, NULL, 0);
}

static void look_up(const Reaper *r, pid_t pid) {
        _cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);

        (void) message_send(r->socket, &(Message) { .type = MESSAGE_FOUND }, &pidfd, pidfd >= 0);
}

static void answer(Reaper *r) {
        int fds[2];
        Message m;

        if (message_receive(r->socket, MESSAGE_TO_INSIDE, &m, fds, ELEMENTSOF(fds)) <= 0)
                _exit(PLAN_FAILED); /* isorun is gone; the kernel kills all that is left inside */
        switch (m.type) {
        case MESSAGE_CONTROL:
                sessions_add(&r->sessions, fds[0]);
                break;
        case MESSAGE_SIGNAL:
                answer_signal(r, &m);
                break;
        case MESSAGE_LOOK_UP:
                look_up(r, m.value);
                break;
        case MESSAGE_CONTINUE:
                if (r->own_session)
                        pty_continue(r->payload->terminal, r->payload->pid, r->stopped, m.value);
                r->stopped = false;
                (void) message_send(r->socket, &(Message) { .type = MESSAGE_CONTINUED }, NULL, 0);
                break;
        case MESSAGE_HAND_OVER:
                if (take_over_prepare(&r->take_over, &m, fds, r->payload->pid, r->signals) < 0)
                        _exit(PLAN_FAILED);
                break;
        case MESSAGE_HANDED_OVER:
                take_over_finish(&r->take_over);
                r->socket = fd_close(r->socket);
                keep_answers(r->payload, r->answers, fds[0]);
                fd_close(fds[0]);
                break;
        default: /* messages for the time before the payload's start */
                break;
        }
}

static int announce(const Reaper *r) {
        _cleanup_close_ int pidfd = sys_pidfd_open(r->payload->pid, 0);
        Message m = { .type = MESSAGE_STARTED };
        int *notify = &r->payload->inside->notify, fds[] = { pidfd, *notify }, q;

        if (pidfd < 0)
                return -errno;
        q = message_send(r->socket, &m, fds, *notify >= 0 ? 2 : 1);
        *notify = fd_close(*notify);
        return q;
}

/* Otherwise a reader of the payload's output would not see its end before this process ends. */
static void close_standard_io(void) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = 0; fd < 3; fd++)
                if (null < 0 || dup2(null, fd) < 0)
                        close(fd);
}

/* Closes all fds but the sockets, the answers, and those that other processes of the instance need. These are moved to
 * the numbers from 3 on. */
static int keep_fds(Payload *payload, int *answers) {
        int lock = payload->inside->plan->layers_lock;
        int *fds[7 + INNER_NAMESPACES] = { &payload->inside->socket };
        unsigned n = 1, first = 3 + ELEMENTSOF(fds);

        if (*answers >= 0)
                fds[n++] = answers; /* KEPT_ANSWERS_FD */
        for (size_t i = 0; i < INNER_NAMESPACES; i++)
                if (payload->inner[i] >= 0)
                        fds[n++] = &payload->inner[i];
        if (payload->places[CGROUP_OF_PAYLOAD] >= 0)
                fds[n++] = &payload->places[CGROUP_OF_PAYLOAD];
        if (payload->inside->notify >= 0)
                fds[n++] = &payload->inside->notify;
        if (payload->terminal >= 0)
                fds[n++] = &payload->terminal;
        if (payload->queues >= 0)
                fds[n++] = &payload->queues;
        if (payload->inside->plan->hand_over && lock > 0) /* otherwise isorun has it as long as the instance lives */
                fds[n++] = &lock;

        /* First to high numbers, so that none overwrites another. */
        for (size_t i = 0; i < n; i++) {
                if (*fds[i] >= (int) (3 + n))
                        continue;
                *fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, first);
                if (*fds[i] < 0)
                        return -errno;
        }
        for (unsigned i = 0; i < n; i++) {
                *fds[i] = dup3(*fds[i], (int) (3 + i), O_CLOEXEC);
                if (*fds[i] < 0)
                        return -errno;
        }
        return close_range(3 + n, ~0U, 0) < 0 ? -errno : 0;
}

/* Waits for the next events and handles them. */
static void run(Reaper *r) {
        enum { ON_ISORUN, ON_SIGNAL, ON_NOTIFY, ON_SESSIONS = ON_NOTIFY + NOTIFY_FDS };
        struct pollfd fds[ON_SESSIONS + SESSIONS_MAX] = {
                [ON_ISORUN] = { .fd = r->socket, .events = POLLIN },
                [ON_SIGNAL] = { .fd = r->signals, .events = POLLIN },
        };
        Notify *notify = r->take_over.done ? r->take_over.notify : NULL;
        unsigned n = sessions_fill(&r->sessions, fds + ON_SESSIONS);

        notify_fill(notify, fds + ON_NOTIFY);
        if (poll(fds, ON_SESSIONS + n, r->more ? 0 : r->stop ? TELL_MSEC : -1) < 0) {
                if (errno != EINTR)
                        _exit(PLAN_FAILED);
                return;
        }
        if (fds[ON_SIGNAL].revents)
                drain_signals(r);
        else if (r->more)
                reap(r);
        if (r->stop)
                tell_of_end(r, false);
        sessions_process(&r->sessions, fds + ON_SESSIONS, n);
        notify_process(notify, fds + ON_NOTIFY);
        if (fds[ON_ISORUN].revents)
                answer(r);
}

_Noreturn void reaper_main(Payload *payload) {
        sigset_t mask = payload->inside->forwarded;
        Reaper r = { .payload = payload, .sessions = { .payload = payload, .isorun = &r.socket },
                     .answers = payload->inside->plan->hand_over ? keep_answers_open() : -1,
                     .own_session = payload->inside->plan->own_session };

        close_standard_io();
        if (keep_fds(payload, &r.answers) < 0)
                _exit(PLAN_FAILED);
        r.socket = payload->inside->socket;
        sigaddset(&mask, SIGCHLD);
        sigaddset(&mask, SIGNAL_STOP); /* blocked since before the clone: run_take_signals() */
        sigprocmask(SIG_BLOCK, &mask, NULL);
        r.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        /* The socket shows the end of isorun, but a stopped or frozen process does not read it: then the parent-death
         * signal kills it. (With --hand-over the parent is the service manager.) If isorun has already ended,
         * announce() fails. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || r.signals < 0 || announce(&r) < 0)
                _exit(PLAN_FAILED);

        /* Only here: the close waits for a grace period, and isorun waits until announce(). */
        if (!payload->inside->unmount_late)
                payload->queues = fd_close(payload->queues);
        /* The payload may have ended before the signalfd was there. */
        reap(&r);
        memory_shed_stack();
        for (;;)
                run(&r);
}
