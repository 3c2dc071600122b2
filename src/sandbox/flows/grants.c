/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/grants.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "plan/network/peers.h"
#include "sandbox/flows/datagrams.h"
#include "sandbox/flows/flow.h"
#include "sandbox/flows/inner.h"
#include "sandbox/flows/listen.h"
#include "util/clock.h"
#include "util/fd.h"

bool grants_has(const Server *s, const PlanPeer *p) {
        return server_peer_index(s, p) >= s->n_planned && !p->is_revoked;
}

/* A pattern may have given the name an address already. */
static void keep_given_address(Server *s, PlanPeer *p) {
        uint32_t address = p->literal ? 0 : hosts_find_given(&s->hosts, p->host);

        if (address == 0)
                return;
        address = htonl(address);
        memcpy(p->address, &address, sizeof(address));
}

/* A peer has two sockets, the second one for the twin of its address. A peer that a pattern's listener covers needs
 * only its address. Returns whether this one is needed. */
static bool find_request(const Server *s, const PlanPeer *p, unsigned n, InnerRequest *ret) {
        enum { FIRST_NUMBER = 1000 }; /* above those of listen.c */
        const int type = p->is_covered ? 0 : p->is_datagram ? SOCK_DGRAM : SOCK_STREAM;

        *ret = (InnerRequest) { .address = n == 0 ? listen_address(p) : listen_twin(p), .type = type };
        if (n > 0)
                return s->hosts.ipv6 && listen_has_twin(p);
        ret->number = listen_has_address(p) ? 0 : FIRST_NUMBER + server_peer_index(s, p);
        return type || ret->number;
}

static void close_listeners(Server *s, const PlanPeer *p) {
        for (size_t i = server_peer_index(s, p); i < 2 * PEERS_MAX; i += PEERS_MAX)
                if (s->granted[i].watch.ready)
                        server_close(&s->granted[i].watch);
}

/* Asks for the next socket that is needed. Returns 1 if there is one, 0, or -errno. */
static int ask_next(Server *s) {
        InnerRequest request;
        int r;

        while (s->grant.n_made < 2 && !find_request(s, s->grant.peer, s->grant.n_made, &request))
                s->grant.n_made++;
        if (s->grant.n_made == 2)
                return 0;
        r = inner_ask(s->from_maker.fd, &request);
        return r < 0 ? r : 1;
}

/* The payload finds the peer from now on, unless the grant has failed. Returns r, reported. */
static int end_grant(Server *s, int r, Report *report) {
        PlanPeer *p = s->grant.peer;

        s->grant.peer = NULL;
        p->is_revoked = r < 0;
        if (r >= 0)
                return 0;
        close_listeners(s, p);
        return r == -EADDRINUSE ? report_error(report, -r, "a server inside has the port")
                                : report_error(report, -r, "cannot listen inside: %s", strerror(-r));
}

static void end_waiting(Server *s, int r) {
        const Grant grant = s->grant;
        Report report = {};

        r = end_grant(s, r, &report);
        grant.done(s, grant.asker, r, &report);
}

/* Watches a socket that has come. */
static int take(Server *s, int fd) {
        const PlanPeer *p = s->grant.peer;
        Listener *l = &s->granted[s->grant.n_made * PEERS_MAX + server_peer_index(s, p)];

        s->grant.n_made++;
        if (fd < 0) /* only the address was needed */
                return 0;
        *l = (Listener) { .watch = { fd, p->is_datagram ? datagrams_ready : flow_accept }, .peer = p };
        if (!p->is_datagram)
                flow_prepare(l);
        return server_watch(s, &l->watch, EPOLLIN);
}

void grants_answered(Server *s, Watch *w, _unused_ uint32_t events) {
        int fd = -1, r = inner_answer(w->fd, &fd);

        if (r == -EAGAIN || r == -EINTR)
                return;
        if (r == -EPIPE) /* it is ready for ever */
                (void) epoll_ctl(s->epoll, EPOLL_CTL_DEL, w->fd, NULL);
        if (!s->grant.peer) {
                fd_close(fd);
                return;
        }
        if (r >= 0)
                r = take(s, fd);
        if (r >= 0)
                r = ask_next(s);
        if (r <= 0)
                end_waiting(s, r);
}

void grants_expire(Server *s) {
        if (!s->grant.peer || clock_usec(CLOCK_MONOTONIC) < s->grant.end)
                return;
        (void) shutdown(s->from_maker.fd, SHUT_RDWR); /* a late answer must not be taken for one to the next request */
        end_waiting(s, -ETIMEDOUT);
}

int grants_add(Server *s, const char *text, GrantDone done, uint64_t asker, Report *report) {
        PlanPeer *p;
        int r;

        if (!s->plan->grant_peers)
                return report_error(report, EPERM, "the policy has no GrantPeers=yes, so no peer can be granted");
        r = peers_grant(s->plan, text, &p, report);
        if (r < 0)
                return r;
        keep_given_address(s, p);
        p->is_revoked = true;
        s->grant = (Grant) { .peer = p, .done = done, .asker = asker,
                             .end = clock_usec(CLOCK_MONOTONIC) + INNER_SECONDS * UINT64_C(1000000) };
        r = ask_next(s);
        return r > 0 ? r : end_grant(s, r, report);
}

static PlanPeer *find(const Server *s, const char *text) {
        for (PlanPeer *p = s->plan->peers; p < s->plan->peers + s->plan->n_peers; p++) {
                _cleanup_free_ char *name = plan_peer_name(p);

                if (name && strcasecmp(name, text) == 0 && !p->is_revoked)
                        return p;
        }
        return NULL;
}

int grants_remove(Server *s, const char *text, Report *report) {
        PlanPeer *p = find(s, text);

        if (!p)
                return report_error(report, ENOENT, "no such peer was granted");
        if (!grants_has(s, p))
                return report_error(report, EPERM, "it is a peer of the policy, and was not granted");
        p->is_revoked = true;
        close_listeners(s, p);
        flow_end_peer(s, p);
        datagrams_end_peer(s, p);
        return 0;
}
