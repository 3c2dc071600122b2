/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/grants.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "plan/network/peers.h"
#include "sandbox/flows/datagrams.h"
#include "sandbox/flows/flow.h"
#include "sandbox/flows/inner.h"
#include "sandbox/flows/listen.h"

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

/* Asks for one of the peer's sockets, and watches it. */
static int listen_at_one(Server *s, const PlanPeer *p, const InnerRequest *request, Listener *l, Report *report) {
        int fd = inner_listen(s->listener_maker, request), r;

        if (fd == -EADDRINUSE)
                return report_error(report, EADDRINUSE, "a server inside has the port");
        if (fd < 0)
                return report_error(report, -fd, "cannot listen inside: %s", strerror(-fd));
        if (request->type == 0)
                return 0;
        *l = (Listener) { .watch = { fd, p->is_datagram ? datagrams_ready : flow_accept }, .peer = p };
        if (!p->is_datagram)
                flow_prepare(l);
        r = server_watch(s, &l->watch, EPOLLIN);
        if (r < 0)
                server_close(&l->watch);
        return r < 0 ? report_error(report, -r, "cannot listen inside: %s", strerror(-r)) : 0;
}

/* A peer that a pattern's listener covers needs only its address. */
static int listen_for(Server *s, const PlanPeer *p, Report *report) {
        enum { FIRST_NUMBER = 1000 }; /* above those of listen.c */
        const uint32_t index = server_peer_index(s, p);
        const int type = p->is_covered ? 0 : p->is_datagram ? SOCK_DGRAM : SOCK_STREAM;
        const InnerRequest request = { .address = listen_address(p), .type = type,
                                       .number = listen_has_address(p) ? 0 : FIRST_NUMBER + index },
                           for_twin = { .address = listen_twin(p), .type = type };
        int r = 0;

        if (request.type || request.number)
                r = listen_at_one(s, p, &request, &s->granted[index], report);
        if (r >= 0 && s->hosts.ipv6 && listen_has_twin(p))
                r = listen_at_one(s, p, &for_twin, &s->granted[PEERS_MAX + index], report);
        return r;
}

static void close_listeners(Server *s, const PlanPeer *p) {
        for (size_t i = server_peer_index(s, p); i < 2 * PEERS_MAX; i += PEERS_MAX)
                if (s->granted[i].watch.ready)
                        server_close(&s->granted[i].watch);
}

int grants_add(Server *s, const char *text, Report *report) {
        PlanPeer *p;
        int r;

        if (!s->plan->grant_peers)
                return report_error(report, EPERM, "the policy has no GrantPeers=yes, so no peer can be granted");
        r = peers_grant(s->plan, text, &p, report);
        if (r < 0)
                return r;
        keep_given_address(s, p);
        r = listen_for(s, p, report);
        p->is_revoked = r < 0;
        if (r < 0)
                close_listeners(s, p);
        return r;
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
