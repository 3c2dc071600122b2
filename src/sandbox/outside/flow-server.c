/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/flow-server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/flows/confine.h"
#include "sandbox/flows/inner.h"
#include "sandbox/flows/listen.h"
#include "sandbox/flows/resolver.h"
#include "sandbox/flows/serve.h"
#include "sandbox/systemd/journal.h"
#include "sandbox/wire/control.h"
#include "sandbox/wire/packet.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"

int flow_server_keep(FlowServer *f, const Plan *plan, int number, bool ipv6, int fd) {
        if (f->n == 0)
                f->ipv6 = ipv6;
        if ((size_t) number != f->n || ipv6 != f->ipv6 || f->n >= listen_count(plan, ipv6)) {
                fd_close(fd);
                return -EPROTO;
        }
        if (!f->listeners)
                f->listeners = calloc(serve_count(plan, ipv6), sizeof(int));
        if (!f->listeners) {
                fd_close(fd);
                return -ENOMEM;
        }
        f->listeners[f->n++] = fd;
        return 0;
}

/* Moves what the process needs to the fds from 3 on, and closes all others. */
static int keep_fds(FlowServer *f, int *socket) {
        int top, null, r = 0;

        /* First above all that are used now, so that none is overwritten. */
        top = fcntl(*socket, F_DUPFD_CLOEXEC, (int) (f->n + STDERR_FILENO + 2));
        for (size_t i = 0; top >= 0 && r >= 0 && i < f->n; i++) {
                f->listeners[i] = fcntl(f->listeners[i], F_DUPFD_CLOEXEC, (int) (f->n + STDERR_FILENO + 2));
                r = f->listeners[i] < 0 ? -errno : 0;
        }
        if (top < 0 || r < 0)
                return r < 0 ? r : -errno;
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0)
                return -errno;
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                (void) dup2(null, fd);
        for (size_t i = 0; i < f->n; i++)
                f->listeners[i] = dup3(f->listeners[i], (int) i + STDERR_FILENO + 2, O_CLOEXEC);
        *socket = dup3(top, STDERR_FILENO + 1, O_CLOEXEC);
        return close_range((unsigned) (f->n + STDERR_FILENO + 2), ~0U, 0) < 0 ? -errno : 0;
}

static void raise_files(void) {
        struct rlimit l;

        if (getrlimit(RLIMIT_NOFILE, &l) >= 0) {
                l.rlim_cur = l.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &l);
        }
}

/* Answers with one byte, the errno, when nothing can fail any more. */
_Noreturn static void serve(FlowServer *f, const Plan *plan, int socket) {
        int r, resolver_pidfd = -1, inner_pidfd = -1, maker_pidfd = -1;
        ServeFds fds = { .resolver = -1, .inner = -1, .listener_maker = -1, .ipv6 = f->ipv6 };
        const size_t network = listen_count(plan, f->ipv6) - 1;
        Plan own = *plan; /* peers may be added */
        Server *server = NULL;
        uint8_t error;

        /* systemd sends SIGTERM to all processes of a unit that it stops, and the payload may need its peers to end
         * well. So this process ends when isorun hangs up. */
        process_begin_helper("isorun-flows");
        raise_files();
        r = keep_fds(f, &socket);
        if (r >= 0 && chdir("/") < 0)
                r = -errno;
        if (r >= 0 && plan->n_entrances > 0)
                r = fds.inner = inner_start(f->listeners[network], false, &inner_pidfd);
        if (r >= 0 && plan->grant_peers)
                r = fds.listener_maker = inner_start(f->listeners[network], true, &maker_pidfd);
        if (r >= 0)
                r = confine_ids(plan);
        /* A change of ids clears this: prctl(2). */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (r >= 0 && plan_has_names(plan))
                r = fds.resolver = resolver_start(plan, &resolver_pidfd);
        fds.isorun = socket;
        fds.routes = routes_open();
        if (r >= 0)
                r = serve_new(&server, &own, f->listeners, &fds);
        if (r >= 0)
                r = confine_calls();
        error = (uint8_t) -(r < 0 ? r : 0);
        (void) send(socket, &error, 1, MSG_NOSIGNAL);
        if (r >= 0)
                r = serve_run(server);
        resolver_end(resolver_pidfd);
        inner_end(fds.inner, inner_pidfd);
        inner_end(fds.listener_maker, maker_pidfd);
        _exit(r < 0);
}

static int failed(const Run *run, int error) {
        return report_error(run->report, error,
                            "cannot start the process that carries the connections of ConnectTo= and ListenOn=: %s",
                            strerror(error));
}

int flow_server_start(FlowServer *f, const Run *run) {
        int fds[2], pidfd = -1;
        uint8_t error = ECHILD;
        pid_t pid;

        if (!plan_has_flows(run->plan))
                return 0;
        if (f->n != listen_count(run->plan, f->ipv6))
                return run_talk_failed(run, EPROTO);
        for (size_t i = 0; i < f->entrances.n; i++) {
                f->listeners[f->n++] = f->entrances.fds[i];
                f->entrances.fds[i] = -1;
        }
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return failed(run, errno);
        pid = run_fork_in_unit(run, &pidfd);
        if (pid == 0)
                serve(f, run->plan, fds[1]);
        fd_close(fds[1]);
        f->socket = fds[0];
        if (pid < 0)
                return failed(run, errno);
        f->pidfd = pidfd;
        f->plan = run->plan;
        f->report = run->report;
        f->noted = calloc(run->plan->n_peers + 1, sizeof(bool));
        if (!f->noted)
                return report_oom(run->report);
        fds_close(f->listeners, f->n);
        (void) TEMP_FAILURE_RETRY(recv(f->socket, &error, sizeof(error), 0));
        return error ? failed(run, error) : 0;
}

/* The process may be in the hands of the payload: it can send anything, and as much as it likes. */
static bool is_good(const Plan *plan, const FlowRecord *r) {
        const bool is_granted = plan->grant_peers && r->peer == FLOW_PEER_GRANTED;

        return r->kind < _FLOW_RECORD_MAX && memchr(r->name, '\0', sizeof(r->name)) &&
               (!record_is_of_peer(r->kind) || is_granted || r->peer < plan->n_peers) &&
               (!record_is_of_entrance(r->kind) || r->entrance < plan->n_entrances);
}

/* The program sees only that its connection is reset. The caller is told why, once for each peer. */
static void note_reset(FlowServer *f, const FlowRecord *r) {
        const bool is_granted = r->peer == FLOW_PEER_GRANTED;
        const size_t index = is_granted ? f->plan->n_peers : r->peer;
        _cleanup_free_ char *text = NULL;

        if ((r->kind != FLOW_REFUSED_ADDRESS && r->kind != FLOW_NO_ADDRESS) || f->noted[index])
                return;
        text = record_reset_text(f->plan, r);
        if (text)
                report_notice_at(f->report, is_granted ? (Origin) {} : f->plan->peers[index].origin,
                                 is_granted ? NULL : "ConnectTo", "the program was not connected to %s", text);
        f->noted[index] = true;
}

/* Returns whether there was a record. */
static bool take_record(FlowServer *f) {
        FlowRecord r;
        ssize_t n = recv(f->socket, &r, sizeof(r), MSG_DONTWAIT | MSG_TRUNC);

        if (n <= 0) {
                f->is_silent = n == 0 || (errno != EAGAIN && errno != EINTR);
                return false;
        }
        if (n == sizeof(r) && is_good(f->plan, &r) && journal_turn(&f->rate)) {
                journal_flow(f->plan, &r, f->rate.n_lost);
                f->rate.n_lost = 0;
                note_reset(f, &r);
        }
        return true;
}

void flow_server_take(FlowServer *f) {
        enum { TURNS = 64 }; /* then others come first */

        for (int i = 0; i < TURNS && take_record(f); i++)
                ;
}

/* The process sends its last records, and hangs up. In the hands of the payload, it may send for ever. */
static void take_last(FlowServer *f) {
        enum { WAIT_USEC = 1000000 };
        const uint64_t end = clock_usec(CLOCK_MONOTONIC) + WAIT_USEC;

        if (f->pidfd < 0 || f->is_silent || shutdown(f->socket, SHUT_WR) < 0)
                return;
        while (!f->is_silent && clock_usec(CLOCK_MONOTONIC) < end)
                if (!take_record(f) && !f->is_silent)
                        (void) poll(&(struct pollfd) { .fd = f->socket, .events = POLLIN }, 1, clock_msec_until(end));
}

void flow_server_admit(const FlowServer *f) {
        struct iovec byte = { .iov_base = (char[1]) { 0 }, .iov_len = 1 };
        _cleanup_close_ int connection = control_accept(f->askers);

        if (connection >= 0) /* the process may not read: then isoctl finds that nobody answers */
                (void) packet_send(f->socket, &byte, 1, &connection, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void flow_server_ended(FlowServer *f, Report *report) {
        report_notice(report,
                      "the process that carries the connections of ConnectTo= and ListenOn= was killed: they have "
                      "all ended");
        (void) waitid(P_PIDFD, (id_t) f->pidfd, &(siginfo_t) {}, WEXITED | WNOHANG);
        f->pidfd = fd_close(f->pidfd);
        f->askers = fd_close(f->askers);
}

/* It reads what a payload sends, so it is not trusted to end. */
static void end_server(int pidfd) {
        enum { WAIT_MSEC = 1000 };
        siginfo_t info;

        if (poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, WAIT_MSEC) <= 0)
                (void) sys_pidfd_send_signal(pidfd, SIGKILL);
        (void) TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t) pidfd, &info, WEXITED));
}

void flow_server_deinit(FlowServer *f) {
        take_last(f);
        f->socket = fd_close(f->socket);
        f->askers = fd_close(f->askers);
        if (f->pidfd >= 0)
                end_server(f->pidfd);
        f->pidfd = fd_close(f->pidfd);
        if (f->listeners)
                fds_close(f->listeners, f->n);
        free(f->listeners);
        free(f->noted);
        entrances_deinit(&f->entrances);
}
