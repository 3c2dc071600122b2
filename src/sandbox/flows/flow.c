/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/flow.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "plan/network/flows.h"
#include "sandbox/flows/inner.h"
#include "sandbox/flows/listen.h"
#include "sandbox/flows/lookup.h"
#include "sandbox/flows/proxy.h"
#include "sandbox/notify/text.h"
#include "util/clock.h"
#include "util/fd.h"

typedef struct End {
        Watch watch; /* the first member: the flow is found from it */
        Flow *flow;
        bool readable, writable;
        bool failed; /* it takes nothing, but what it has sent is still there to read */
} End;

enum {
        FLOW_EVENTS = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET,
        TRIES_MAX = 10000 / FLOW_RETRY_MSEC, /* to connect, for ten seconds */
};

struct Flow {
        Lookup lookup; /* the first member: the flow is found from it; without a peer, it is from an entrance */
        Listener *listener;
        End payload, outside;
        Pump to_outside, to_payload;
        size_t next_address;
        unsigned tries; /* to connect to a socket, or to a server that does not listen yet */
        bool is_first;  /* until it has found the server, the entrance accepts no other client */
        bool is_in_more, is_dead, is_half_closed;
        uint64_t begun; /* CLOCK_MONOTONIC */
        Address client; /* of an entrance; family 0: not known */
        Flow *before, *after; /* in the server's flows */
        Flow *next;  /* in the server's queue or dead */
        Flow *later; /* in the server's more */
};

/* The number of flows of this direction. */
static size_t *counter(Server *s, const Listener *l) {
        return l->peer ? &s->n_flows : &s->n_clients;
}

static End *accepted_end(Flow *f) {
        return f->lookup.peer ? &f->payload : &f->outside;
}

/* The end that isorun connects. */
static End *made_end(Flow *f) {
        return f->lookup.peer ? &f->outside : &f->payload;
}

/* Lets the entrance accept other clients, too. */
static void open_entrance(Server *s, Flow *f) {
        if (f->is_first && f->listener->watch.fd >= 0 && server_watch(s, &f->listener->watch, EPOLLIN) < 0)
                server_close(&f->listener->watch);
        f->is_first = false;
}

static void record_end(const Server *s, const Flow *f) {
        FlowRecord r = { .count = 1, .sent = f->to_outside.moved, .received = f->to_payload.moved,
                         .address = f->client };

        if (!s->plan->log_flows)
                return;
        r.usec = clock_usec(CLOCK_MONOTONIC) - f->begun;
        r.kind = f->lookup.peer ? FLOW_ENDED : FLOW_CLIENT_ENDED;
        if (f->lookup.peer)
                r.peer = server_peer_index(s, f->lookup.peer);
        else
                r.entrance = (uint32_t) (f->listener->entrance - s->plan->entrances);
        server_record(s, &r);
}

static void add_to_all(Server *s, Flow *f) {
        f->after = s->flows;
        if (f->after)
                f->after->before = f;
        s->flows = f;
        *counter(s, f->listener) += 1;
}

static void remove_from_all(Server *s, const Flow *f) {
        *(f->before ? &f->before->after : &s->flows) = f->after;
        if (f->after)
                f->after->before = f->before;
        *counter(s, f->listener) -= 1;
}

static void end(Server *s, Flow *f) {
        record_end(s, f);
        s->sent += f->to_outside.moved;
        s->received += f->to_payload.moved;
        remove_from_all(s, f);
        open_entrance(s, f);
        server_close(&f->payload.watch);
        server_close(&f->outside.watch);
        pump_deinit(&f->to_outside, &s->pipes);
        pump_deinit(&f->to_payload, &s->pipes);
        f->is_dead = true;
        f->next = s->dead;
        s->dead = f;
}

/* Ends a connection in a way that its other end takes for a failure. */
static void send_reset(int fd) {
        if (fd >= 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger) { .l_onoff = 1 }, sizeof(struct linger));
}

static void reset(Server *s, Flow *f) {
        send_reset(f->payload.watch.fd);
        send_reset(f->outside.watch.fd);
        end(s, f);
}

/* A server that answers without having read all, and closes, leaves an answer and a reset. The answer comes first. */
static PumpState move_from(Server *s, End *from, End *to, Pump *p) {
        PumpState state;

        if (to->failed)
                return from->failed ? PUMP_FAILED : PUMP_WAITS;
        p->broken = from->failed;
        p->last = p == &from->flow->to_outside ? from->flow->to_payload.ended : from->flow->to_outside.ended;
        state = pump_move(p, &s->pipes, from->watch.fd, &from->readable, to->watch.fd, &to->writable);
        if (state == PUMP_REFUSED) {
                to->failed = to->readable = true;
                return PUMP_WAITS;
        }
        return from->failed && state == PUMP_WAITS && p->held == 0 ? PUMP_FAILED : state;
}

/* Probes of a connection on which nothing moves. An accepted socket inherits the first INHERITED from its listener. */
static const struct {
        int level, name, value;
} probes[] = {
        { IPPROTO_TCP, TCP_KEEPIDLE, 5 }, /* s; without SO_KEEPALIVE, it has no effect */
        { IPPROTO_TCP, TCP_KEEPINTVL, 5 },
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
};
enum { INHERITED = 2 };

static void set_probes(int fd, size_t from, size_t to) {
        for (size_t i = from; i < to; i++)
                (void) setsockopt(fd, probes[i].level, probes[i].name, &probes[i].value, sizeof(probes[i].value));
}

/* The address of one end, or none if it is that of a Unix socket. At [::], clients by IPv4 have mapped addresses:
 * ipv6(7). */
static Address address_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *)) {
        Address a = {}, v4 = { .v4 = { .sin_family = AF_INET } };
        socklen_t size = sizeof(a);

        if (get(fd, &a.any, &size) < 0)
                return (Address) {};
        if (a.any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr))
                return a;
        v4.v4.sin_port = a.v6.sin6_port;
        memcpy(&v4.v4.sin_addr, a.v6.sin6_addr.s6_addr + 12, sizeof(v4.v4.sin_addr));
        return v4;
}

/* A socket of the host begins with the host's congestion control, which may send by timers. */
static void choose_congestion_of(int fd, const Address *a) {
        if (a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET
                                        : a->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr))
                (void) setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, FLOWS_LOOPBACK_CONGESTION,
                                  strlen(FLOWS_LOOPBACK_CONGESTION));
}

void flow_prepare(const Listener *l) {
        const int yes = 1;
        Address a;

        (void) setsockopt(l->watch.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        if (l->peer)
                set_probes(l->watch.fd, 0, INHERITED);
        else {
                a = address_of(l->watch.fd, getsockname);
                choose_congestion_of(l->watch.fd, &a);
        }
}

/* The payload has said that it sends no more. If it has closed its socket, the kernel keeps that for tcp_fin_timeout,
 * and then answers a probe with a reset. If it still reads, the probe is acknowledged. Without probes, a peer that
 * ignores the end would keep the flow for ever. */
static void note_half_closed(Flow *f) {
        if (f->is_half_closed || !f->to_outside.ended)
                return;
        f->is_half_closed = true;
        set_probes(f->payload.watch.fd, f->lookup.peer ? INHERITED : 0, ELEMENTSOF(probes));
}

static void move(Server *s, Flow *f) {
        PumpState out = move_from(s, &f->payload, &f->outside, &f->to_outside), in;

        in = out == PUMP_FAILED ? out : move_from(s, &f->outside, &f->payload, &f->to_payload);
        if (f->payload.failed && in != PUMP_FAILED)
                out = move_from(s, &f->payload, &f->outside, &f->to_outside);
        if (in == PUMP_FAILED || out == PUMP_FAILED) {
                reset(s, f);
                return;
        }
        if (f->to_outside.ended && f->to_payload.ended) {
                end(s, f);
                return;
        }
        note_half_closed(f);
        if ((out == PUMP_MORE || in == PUMP_MORE) && !f->is_in_more) {
                f->is_in_more = true;
                f->later = s->more;
                s->more = f;
        }
}

static void note_urgent(End *e, uint32_t events) {
        Pump *p = e == &e->flow->payload ? &e->flow->to_outside : &e->flow->to_payload;

        p->urgent |= events & EPOLLPRI;
}

static void on_event(Server *s, Watch *w, uint32_t events) {
        End *e = (End *) w;

        note_urgent(e, events);
        e->failed |= events & EPOLLERR;
        e->readable |= events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
        e->writable |= events & (EPOLLOUT | EPOLLHUP);
        if (!e->flow->is_in_more)
                move(s, e->flow);
}

static void connect_next(Server *s, Flow *f);

/* Where a server in the payload may listen: at all addresses, or only at a loopback one, of either family. */
static const char *const places[] = { FLOWS_NETWORK, "127.0.0.1", FLOWS_SERVER6, "::1" };

/* The server in the payload has been reached. Returns whether it knows about its client as the policy says. */
static bool greet(Server *s, Flow *f) {
        const int client = f->outside.watch.fd;
        uint8_t header[PROXY_SIZE];
        Address from, to;
        size_t size;

        f->listener->reached = true;
        f->listener->place = (f->listener->place + f->next_address - 1) % ELEMENTSOF(places);
        open_entrance(s, f);
        if (!f->listener->entrance->proxy)
                return true;
        from = address_of(client, getpeername);
        to = address_of(client, getsockname);
        size = proxy_header(&from, &to, header);
        return send(f->payload.watch.fd, header, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t) size;
}

/* The connection is made, or has failed. */
static void on_connected(Server *s, Watch *w, uint32_t events) {
        Flow *f = ((End *) w)->flow;
        End *accepted = accepted_end(f);
        socklen_t size = sizeof(int);
        int error = 0;

        if ((events & (EPOLLERR | EPOLLHUP)) &&
            (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)) {
                server_close(w);
                connect_next(s, f);
                return;
        }
        w->ready = accepted->watch.ready = on_event;
        note_urgent((End *) w, events);
        f->outside.readable = f->outside.writable = true; /* the pump finds out */
        f->payload.readable = f->payload.writable = true;
        if ((!f->lookup.peer && !greet(s, f)) || server_watch(s, &accepted->watch, FLOW_EVENTS) < 0)
                reset(s, f);
        else
                move(s, f);
}

/* Begins to connect. Returns the socket or -errno. */
static int begin_connect(const Flow *f, const struct sockaddr *address, socklen_t size) {
        /* Another address is tried after about 15 s, not after two minutes. */
        const int family = address->sa_family, retries = 3, yes = 1;
        _cleanup_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        if (!f->lookup.peer->is_socket) {
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
                choose_congestion_of(fd, (const Address *) address);
                /* The payload's own setting finds out about isorun, not about a peer that has lost its power. */
                (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
                if (f->next_address < f->lookup.n)
                        (void) setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
        }
        return connect(fd, address, size) < 0 && errno != EINPROGRESS ? -errno : TAKE_FD(fd);
}

/* -EAGAIN: as many connections wait at the socket as its owner allows. connect(2) would wait until it accepts one. */
static int begin_connect_socket(Flow *f) {
        struct sockaddr_un socket;
        socklen_t size;
        int fd;

        if (f->next_address > 0 || notify_address(f->lookup.peer->target, &socket, &size) < 0)
                return -ENOENT;
        fd = begin_connect(f, (struct sockaddr *) &socket, size);
        f->next_address = fd != -EAGAIN || f->tries++ == TRIES_MAX;
        return fd;
}

static int begin_connect_next(Flow *f) {
        if (f->lookup.peer->is_socket)
                return begin_connect_socket(f);
        while (f->next_address < f->lookup.n) {
                const Address *a = &f->lookup.addresses[f->next_address++];
                int fd = begin_connect(f, &a->any, address_size(a));

                if (fd >= 0 || fd == -EMFILE || fd == -ENFILE)
                        return fd;
        }
        return -ENOENT;
}

static void enqueue(Server *s, Flow *f) {
        if (!s->queue)
                s->queue_time = clock_usec(CLOCK_MONOTONIC) + FLOW_RETRY_MSEC * 1000;
        f->next = s->queue;
        s->queue = f;
}

/* Begins to connect to the server in the payload. -EAGAIN: it does not listen yet. -ENOBUFS: no socket is ready. */
static int begin_connect_inside(Server *s, Flow *f) {
        const int yes = 1;

        while (f->next_address < ELEMENTSOF(places)) {
                _cleanup_close_ int fd = inner_take(s->from_inner.fd);
                const char *place;

                if (fd < 0)
                        return fd == -EAGAIN ? -ENOBUFS : -EPIPE;
                place = places[(f->listener->place + f->next_address++) % ELEMENTSOF(places)];
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
                if (inner_connect(fd, place, f->listener->entrance->inside) >= 0)
                        return TAKE_FD(fd);
        }
        f->next_address = 0;
        return f->listener->reached || f->tries++ == TRIES_MAX ? -ECONNREFUSED : -EAGAIN;
}

/* Tries the next address. */
static void connect_next(Server *s, Flow *f) {
        const bool revoked = f->lookup.peer && f->lookup.peer->is_revoked;
        int fd = revoked ? -ENOENT : f->lookup.peer ? begin_connect_next(f) : begin_connect_inside(s, f);
        Watch *w = &made_end(f)->watch;

        *w = (Watch) { .fd = fd < 0 ? -1 : fd, .ready = on_connected };
        if (fd == -EAGAIN && f->next_address == 0)
                enqueue(s, f);
        else if (fd == -ENOBUFS && !f->lookup.peer) {
                f->next = s->without_socket;
                s->without_socket = f;
        } else if (fd < 0 || server_watch(s, w, FLOW_EVENTS) < 0) {
                server_note_files(s, fd);
                reset(s, f);
        }
}

/* Flows that wait are put at the front of their list, so this turns the list round. */
static Flow *oldest_first(Flow *f) {
        Flow *turned = NULL, *next;

        for (; f; f = next) {
                next = f->next;
                f->next = turned;
                turned = f;
        }
        return turned;
}

void flow_served(Server *s) {
        Flow *f = oldest_first(s->without_socket), *next;

        s->without_socket = NULL;
        for (; f; f = next) {
                next = f->next;
                connect_next(s, f);
        }
}

void flow_retry(Server *s) {
        Flow *f, *next;

        if (!s->queue || clock_usec(CLOCK_MONOTONIC) < s->queue_time)
                return;
        f = oldest_first(s->queue);
        s->queue = NULL;
        for (; f; f = next) {
                next = f->next;
                connect_next(s, f);
        }
}

static void on_lookup(Server *s, Lookup *l) {
        connect_next(s, (Flow *) l);
}

/* Without a peer, the listener is that of an entrance. The first client is held until a server listens. */
static void hold_entrance(Server *s, Flow *f) {
        const int yes = 1;

        (void) setsockopt(f->outside.watch.fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
        f->client = address_of(f->outside.watch.fd, getpeername);
        if (!f->listener->reached)
                f->is_first = epoll_ctl(s->epoll, EPOLL_CTL_DEL, f->listener->watch.fd, NULL) >= 0;
}

/* Finds the peer, if the listener is not that of an entrance. Returns whether there may be another flow. */
static bool admit(Server *s, const Listener *l, int accepted, Lookup *lookup) {
        if (!l->peer)
                return server_has_room_for_client(s, l->entrance);
        return lookup_find_peer(s, l, accepted, lookup) && server_has_room(s, lookup->peer);
}

/* Takes over the accepted socket. */
static void begin(Server *s, Listener *l, int accepted) {
        Lookup lookup = { .ready = on_lookup };
        Flow *f = admit(s, l, accepted, &lookup) ? calloc(1, sizeof(*f)) : NULL;

        if (!f) {
                server_reset(accepted);
                return;
        }
        *f = (Flow) { .payload = { .watch.fd = -1, .flow = f }, .outside = { .watch.fd = -1, .flow = f },
                      .lookup = lookup, .listener = l, .begun = clock_usec(CLOCK_MONOTONIC) };
        accepted_end(f)->watch.fd = accepted;
        add_to_all(s, f);
        if (!lookup.peer)
                hold_entrance(s, f);
        if (!lookup.peer || lookup.peer->is_socket)
                connect_next(s, f);
        else
                lookup_begin(s, &f->lookup);
}

void flow_accept(Server *s, Watch *w, _unused_ uint32_t events) {
        int fd = server_accept(s, w); /* if more wait, epoll(7) says so again */

        if (fd >= 0)
                begin(s, (Listener *) w, fd);
}

/* One that waits, for its name or for room at a socket, is still in a list: connect_next() ends it. */
static void end_revoked(Server *s, Flow *f) {
        if (f->outside.watch.fd >= 0)
                reset(s, f);
        else {
                send_reset(f->payload.watch.fd);
                server_close(&f->payload.watch);
        }
}

void flow_end_peer(Server *s, const PlanPeer *peer) {
        for (Flow *f = s->flows, *after; f; f = after) {
                after = f->after;
                if (f->lookup.peer == peer)
                        end_revoked(s, f);
        }
}

static const char *state_of(const Flow *f) {
        const End *made = f->lookup.peer ? &f->outside : &f->payload;

        if (made->watch.fd < 0)
                return f->lookup.peer && !f->lookup.peer->is_socket && f->lookup.n == 0 ? "resolving" : "waiting";
        if (made->watch.ready == on_connected)
                return "connecting";
        return f->to_outside.ended || f->to_payload.ended ? "half-closed" : "open";
}

void flow_visit(const Server *s, FlowVisitor visitor, void *userdata) {
        for (const Flow *f = s->flows; f; f = f->after) {
                const FlowFacts facts = { .peer = f->lookup.peer, .entrance = f->listener->entrance,
                                          .name = f->lookup.name, .state = state_of(f), .sent = f->to_outside.moved,
                                          .received = f->to_payload.moved, .client = f->client, .begun = f->begun };

                visitor(&facts, userdata);
        }
}

void flow_end_all(Server *s) {
        while (s->flows)
                end(s, s->flows);
}

void flow_continue(Server *s) {
        Flow *f = s->more, *later;

        s->more = NULL;
        for (; f; f = later) {
                later = f->later;
                f->is_in_more = false;
                if (!f->is_dead)
                        move(s, f);
        }
}

void flow_bury(Server *s) {
        for (Flow *f = s->dead, *next; f; f = next) {
                next = f->next;
                free(f);
        }
        s->dead = NULL;
}
