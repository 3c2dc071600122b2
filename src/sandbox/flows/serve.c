/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/serve.h"

#include <errno.h>
#include <sys/socket.h>

#include "plan/network/peers.h"
#include "sandbox/flows/asker.h"
#include "sandbox/flows/datagrams.h"
#include "sandbox/flows/flow.h"
#include "sandbox/flows/grants.h"
#include "sandbox/flows/lookup.h"
#include "sandbox/flows/name-server.h"
#include "sandbox/wire/packet.h"
#include "util/clock.h"

static void on_answer(Server *s, Watch *w, _unused_ uint32_t events) {
        ResolverAnswer answer;
        ssize_t n;

        while ((n = recv(w->fd, &answer, sizeof(answer), MSG_DONTWAIT)) == sizeof(answer))
                if (answer.id < lookup_count(s) && answer.n <= RESOLVER_ADDRESSES)
                        lookup_answered(s, &answer);
        if (n == 0) { /* the resolver has ended: lookup.c finds that out with the next question */
                (void) epoll_ctl(s->epoll, EPOLL_CTL_DEL, w->fd, NULL);
                lookup_unanswered(s);
        }
}

/* Sockets have come, or inner.h has failed: then the flows that wait find that out. */
static void on_sockets(Server *s, Watch *w, uint32_t events) {
        if (events & EPOLLHUP)
                (void) epoll_ctl(s->epoll, EPOLL_CTL_DEL, w->fd, NULL);
        flow_served(s);
}

/* isorun sends connections of isoctl, and at last it hangs up. It still reads the last records. */
static void on_isorun(Server *s, Watch *w, _unused_ uint32_t events) {
        int connection = -1, r;
        size_t size;
        char byte;

        r = packet_receive(w->fd, &byte, sizeof(byte), &size, &connection, 1, MSG_DONTWAIT);
        if (r > 0 && connection >= 0)
                asker_add(s, connection);
        if (r > 0 || r == -EAGAIN || r == -EINTR)
                return;
        flow_end_all(s);
        datagrams_end_all(s);
        server_close(w);
}

/* How long to wait for events, in milliseconds. */
static int patience_of(const Server *s) {
        if (s->more)
                return 0;
        if (s->queue)
                return FLOW_RETRY_MSEC;
        if (s->pipes.of[PUMP_LARGE].n_kept > 0)
                return PUMP_LARGE_MSEC;
        return s->n_exchanges > 0 ? DATAGRAMS_EXPIRY_MSEC : s->grant.peer ? clock_msec_until(s->grant.end) : -1;
}

int serve_run(Server *s) {
        struct epoll_event events[64];

        while (s->from_isorun.fd >= 0) {
                int n = epoll_wait(s->epoll, events, ELEMENTSOF(events), patience_of(s));

                if (n < 0 && errno != EINTR)
                        return -errno;
                for (int i = 0; i < n && s->from_isorun.fd >= 0; i++) {
                        Watch *w = events[i].data.ptr;

                        if (w->fd >= 0)
                                w->ready(s, w, events[i].events);
                }
                if (s->from_isorun.fd < 0)
                        return 0; /* all flows have ended */
                flow_retry(s);
                flow_continue(s);
                flow_bury(s);
                pump_expire(&s->pipes);
                datagrams_expire(s);
                grants_expire(s);
        }
        return 0;
}

static int watch_all(Server *s) {
        int r = server_watch(s, &s->from_isorun, EPOLLIN | EPOLLRDHUP);

        if (r >= 0 && s->from_resolver.fd >= 0)
                r = server_watch(s, &s->from_resolver, EPOLLIN);
        if (r >= 0 && s->from_inner.fd >= 0)
                r = server_watch(s, &s->from_inner, EPOLLIN | EPOLLET);
        if (r >= 0 && s->from_maker.fd >= 0)
                r = server_watch(s, &s->from_maker, EPOLLIN);
        for (size_t i = 0; r >= 0 && i < serve_count(s->plan, s->hosts.ipv6); i++)
                if (s->listeners[i].watch.ready) {
                        flow_prepare(&s->listeners[i]);
                        r = server_watch(s, &s->listeners[i].watch, EPOLLIN);
                }
        return r;
}

static Listener of_peer(const PlanPeer *p, int fd) {
        return (Listener) { .watch = { fd, p->is_datagram ? datagrams_ready : flow_accept }, .peer = p };
}

static void set_listeners(Server *s, const int *fds) {
        const Plan *plan = s->plan;
        const size_t inside = listen_count(plan, s->hosts.ipv6);
        size_t n = 0;

        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                const size_t end = n + !p->is_covered + (s->hosts.ipv6 && listen_has_twin(p));

                for (; n < end; n++)
                        s->listeners[n] = of_peer(p, fds[n]);
        }
        if (plan_has_names(plan)) {
                s->listeners[n + LISTEN_DATAGRAMS].watch = (Watch) { fds[n + LISTEN_DATAGRAMS], name_server_datagrams };
                s->listeners[n + LISTEN_STREAMS].watch = (Watch) { fds[n + LISTEN_STREAMS], name_server_accept };
        }
        for (size_t i = 0; i < plan->n_entrances; i++)
                s->listeners[inside + i] =
                        (Listener) { .watch = { fds[inside + i], flow_accept }, .entrance = &plan->entrances[i] };
}

int serve_new(Server **ret, Plan *plan, const int *listeners, const ServeFds *fds) {
        Server *s = calloc(1, sizeof(*s) + serve_count(plan, fds->ipv6) * sizeof(Listener));
        int r;

        if (!s)
                return -ENOMEM;
        s->plan = s->hosts.plan = plan;
        s->hosts.ipv6 = fds->ipv6;
        s->n_planned = plan->n_peers;
        s->routes = fds->routes;
        s->names = calloc(PEERS_MAX + PEERS_NAMES_MAX, sizeof(*s->names)); /* memory that is not used costs nothing */
        s->granted = calloc((size_t) 2 * PEERS_MAX, sizeof(*s->granted));
        s->from_maker = (Watch) { fds->listener_maker, grants_answered };
        s->epoll = epoll_create1(EPOLL_CLOEXEC);
        s->spare = server_make_spare();
        s->from_resolver = (Watch) { fds->resolver, on_answer };
        s->from_inner = (Watch) { fds->inner, on_sockets };
        s->from_isorun = (Watch) { fds->isorun, on_isorun };
        set_listeners(s, listeners);
        r = !s->names || !s->granted ? -ENOMEM : s->epoll < 0 || s->spare < 0 ? -errno : watch_all(s);
        if (r >= 0)
                *ret = s;
        return r; /* the process ends: nothing is freed */
}
