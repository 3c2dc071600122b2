/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sandbox/flows/lookup.h"
#include "util/clock.h"
#include "util/fd.h"

enum {
        TURNS = 64, /* then others come first */
        TABLE_SIZE = 4096,
        DATAGRAM_MAX = 65536,
        KEPT_MAX = 2048, /* of the first datagram, which waits for the name */
};

struct Exchange {
        Lookup lookup; /* the first member: the exchange is found from it */
        Watch outside;
        const Watch *listener; /* answers come from its address */
        Address from; /* of the payload */
        uint8_t *first;
        size_t n_first;
        uint64_t n_sent, n_received; /* datagrams */
        uint64_t sent, received;     /* bytes */
        uint64_t begun, last;        /* CLOCK_MONOTONIC */
        bool has_ended;
        Exchange *next; /* in its row of the table */
};

static Exchange **row_of(const Server *s, const Address *from) {
        /* Both families have the port at the same place. */
        return &s->exchanges[ntohs(from->v4.sin_port) % TABLE_SIZE];
}

static bool is_same(const Address *a, const Address *b) {
        return a->any.sa_family == b->any.sa_family && memcmp(a, b, address_size(a)) == 0;
}

static Exchange *find(const Server *s, const Watch *listener, const Address *from) {
        for (Exchange *e = *row_of(s, from); e; e = e->next)
                if (e->listener == listener && !e->has_ended && is_same(&e->from, from))
                        return e;
        return NULL;
}

static void pass_on(Exchange *e, const uint8_t *datagram, size_t size) {
        if (send(e->outside.fd, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                e->sent += size;
}

/* An answer of the peer. */
static void on_answer(_unused_ Server *s, Watch *w, _unused_ uint32_t events) {
        Exchange *e = (Exchange *) ((char *) w - offsetof(Exchange, outside));
        uint8_t datagram[DATAGRAM_MAX];

        for (int i = 0; i < TURNS; i++) {
                ssize_t n = recv(w->fd, datagram, sizeof(datagram), MSG_DONTWAIT);

                if (n < 0 && errno != ECONNREFUSED)
                        return;
                if (n < 0) /* the peer's port is closed: the payload learns nothing, as behind a router */
                        continue;
                e->n_received++;
                e->last = clock_usec(CLOCK_MONOTONIC);
                if (sendto(e->listener->fd, datagram, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL, &e->from.any,
                           address_size(&e->from)) >= 0)
                        e->received += (size_t) n;
        }
}

/* Sends no datagram in pieces: a program that looks for the largest size that arrives whole would find a wrong one. */
static int connect_to(const Address *a) {
        const bool v4 = a->any.sa_family == AF_INET;
        const int whole = v4 ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO;
        _cleanup_close_ int fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &whole,
                                 sizeof(whole)) < 0 ||
            connect(fd, &a->any, address_size(a)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static void on_lookup(Server *s, Lookup *l) {
        Exchange *e = (Exchange *) l;
        int fd = -ENOENT;

        for (size_t i = 0; i < l->n && fd < 0 && !l->peer->is_revoked; i++)
                fd = connect_to(&l->addresses[i]);
        server_note_files(s, fd);
        e->outside = (Watch) { .fd = fd < 0 ? -1 : fd, .ready = on_answer };
        e->has_ended = fd < 0 || server_watch(s, &e->outside, EPOLLIN) < 0;
        if (!e->has_ended)
                pass_on(e, e->first, e->n_first);
        free(e->first);
        e->first = NULL;
}

static void begin(Server *s, const Listener *listener, const Address *from, const uint8_t *datagram, size_t size) {
        Exchange *e, **row = row_of(s, from);
        const uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (size > KEPT_MAX || !server_has_room(s, listener->peer))
                return;
        e = calloc(1, sizeof(*e));
        if (!e)
                return;
        *e = (Exchange) { .lookup = { .peer = listener->peer, .id = server_peer_index(s, listener->peer),
                                      .ready = on_lookup }, .outside = { .fd = -1 },
                          .listener = &listener->watch, .from = *from, .n_sent = 1, .begun = now, .last = now,
                          .first = malloc(size + 1), .n_first = size, .next = *row };
        if (!e->first) {
                free(e);
                return;
        }
        memcpy(e->first, datagram, size);
        *row = e;
        s->n_flows++;
        s->n_exchanges++;
        lookup_begin(s, &e->lookup);
}

static void take(Server *s, const Listener *listener, const Address *from, const uint8_t *datagram, size_t size) {
        Exchange *e = find(s, &listener->watch, from);

        if (!e) {
                begin(s, listener, from, datagram, size);
                return;
        }
        e->n_sent++;
        e->last = clock_usec(CLOCK_MONOTONIC);
        if (e->outside.fd >= 0)
                pass_on(e, datagram, size);
}

void datagrams_ready(Server *s, Watch *w, _unused_ uint32_t events) {
        uint8_t datagram[DATAGRAM_MAX];

        if (!s->exchanges)
                s->exchanges = calloc(TABLE_SIZE, sizeof(Exchange *));
        for (int i = 0; i < TURNS; i++) {
                Address from = {};
                socklen_t size = sizeof(from);
                ssize_t n = recvfrom(w->fd, datagram, sizeof(datagram), MSG_DONTWAIT, &from.any, &size);

                if (n < 0)
                        return;
                if (s->exchanges)
                        take(s, (Listener *) w, &from, datagram, (size_t) n);
        }
}

/* A question with its answer, as of DNS or NTP, is soon over. Nothing says when others are: as long as a router keeps
 * them. */
static uint64_t idle_max(const Exchange *e) {
        enum { ANSWERED_SEC = 5, ASKED_SEC = 30, STREAM_SEC = 120 };
        int seconds = e->n_sent > 1 ? STREAM_SEC : e->n_received > 0 ? ANSWERED_SEC : ASKED_SEC;

        return (uint64_t) seconds * 1000000;
}

static void end(Server *s, Exchange *e) {
        if (s->plan->log_flows)
                server_record(s, &(FlowRecord) { .kind = FLOW_ENDED, .peer = server_peer_index(s, e->lookup.peer),
                                                 .count = 1, .sent = e->sent, .received = e->received,
                                                 .usec = e->last - e->begun });
        s->sent += e->sent;
        s->received += e->received;
        server_close(&e->outside);
        free(e->first);
        free(e);
        s->n_flows--;
        s->n_exchanges--;
}

/* Ends those that have been idle at this time, and have not still to wait for the name. */
static void end_idle(Server *s, uint64_t now) {
        for (Exchange **row = s->exchanges; row < s->exchanges + TABLE_SIZE; row++)
                for (Exchange **link = row, *e; (e = *link);)
                        if (e->first || (!e->has_ended && now - e->last < idle_max(e)))
                                link = &e->next;
                        else {
                                *link = e->next;
                                end(s, e);
                        }
}

void datagrams_expire(Server *s) {
        uint64_t now;

        if (s->n_exchanges == 0)
                return;
        now = clock_usec(CLOCK_MONOTONIC);
        if (now < s->expiry)
                return;
        s->expiry = now + DATAGRAMS_EXPIRY_MSEC * UINT64_C(1000);
        end_idle(s, now);
}

void datagrams_end_all(Server *s) {
        if (s->n_exchanges > 0)
                end_idle(s, UINT64_MAX);
}

void datagrams_end_peer(Server *s, const PlanPeer *peer) {
        for (size_t row = 0; s->n_exchanges > 0 && row < TABLE_SIZE; row++)
                for (Exchange *e = s->exchanges[row]; e; e = e->next)
                        if (e->lookup.peer == peer) {
                                e->has_ended = true;
                                server_close(&e->outside);
                        }
}

void datagrams_visit(const Server *s, FlowVisitor visitor, void *userdata) {
        for (size_t row = 0; s->n_exchanges > 0 && row < TABLE_SIZE; row++)
                for (const Exchange *e = s->exchanges[row]; e; e = e->next)
                        visitor(&(FlowFacts) { .peer = e->lookup.peer, .state = e->first ? "resolving" : "open",
                                               .sent = e->sent, .received = e->received, .begun = e->begun },
                                userdata);
}
