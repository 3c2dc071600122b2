/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "plan/network/flows.h"
#include "plan/network/peers.h"
#include "util/clock.h"

size_t lookup_count(const Server *s) {
        return PEERS_MAX + s->hosts.n_given;
}

static bool is_at(const PlanPeer *p, const Address *a) {
        if (p->ipv6 != (a->any.sa_family == AF_INET6))
                return false;
        return p->ipv6 ? memcmp(p->address, &a->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0
                       : memcmp(p->address, &a->v4.sin_addr, sizeof(a->v4.sin_addr)) == 0;
}

/* The peer of the plan that has exactly this address and port. */
static const PlanPeer *find_exact(const Plan *plan, const Address *a, uint16_t port) {
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (!p->is_pattern && !p->is_datagram && !p->is_revoked && p->port == port && is_at(p, a))
                        return p;
        return NULL;
}

/* The first pattern with this port that matches the name. */
static const PlanPeer *find_pattern(const Plan *plan, const char *name, uint16_t port) {
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (p->is_pattern && p->port == port && peer_matches(p, name))
                        return p;
        return NULL;
}

static bool find_by_address(Server *s, const Address *a, uint16_t port, Lookup *l) {
        const uint32_t address = a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) : 0;
        const char *name = hosts_find_name(&s->hosts, address);
        ssize_t index;

        l->peer = find_exact(s->plan, a, port);
        if (l->peer) {
                l->id = server_peer_index(s, l->peer);
                return true;
        }
        l->peer = name ? find_pattern(s->plan, name, port) : NULL;
        index = l->peer ? hosts_index(&s->hosts, name, address) : -ENOENT;
        if (index < 0)
                return false;
        l->name = s->hosts.given[index].name;
        l->id = PEERS_MAX + (uint32_t) index;
        return true;
}

/* The address of this end of a connection; that of a name also if it is the twin. */
static bool address_of(int fd, Address *ret) {
        socklen_t size = sizeof(*ret);
        uint32_t number;

        *ret = (Address) {};
        if (getsockname(fd, &ret->any, &size) < 0)
                return false;
        if (ret->any.sa_family == AF_INET6 && flows_read_twin(ret->v6.sin6_addr.s6_addr, &number))
                *ret = (Address) { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(number) } };
        return true;
}

bool lookup_find_peer(Server *s, const Listener *listener, int accepted, Lookup *l) {
        Address address;

        l->peer = listener->peer;
        l->id = server_peer_index(s, l->peer);
        if (!listener->peer->is_pattern)
                return true;
        return address_of(accepted, &address) && find_by_address(s, &address, listener->peer->port, l);
}

static void record_refused(const Server *s, const Lookup *l, PeerNames *names, const Address *a) {
        FlowRecord record = { .kind = FLOW_REFUSED_ADDRESS, .peer = server_peer_index(s, l->peer),
                              .count = names->n_refused + 1, .address = *a };

        snprintf(record.name, sizeof(record.name), "%s", l->name ?: "");
        if (record_is_due(++names->n_refused))
                server_record(s, &record);
}

static void record_unknown(const Server *s, const Lookup *l, PeerNames *names) {
        FlowRecord record = { .kind = FLOW_NO_ADDRESS, .peer = server_peer_index(s, l->peer),
                              .count = names->n_unknown + 1 };

        snprintf(record.name, sizeof(record.name), "%s", l->name ?: "");
        if (record_is_due(++names->n_unknown))
                server_record(s, &record);
}

/* Takes the addresses that a name may have. It is these that are connected to, so the name cannot change its answer in
 * between. */
static void take_addresses(Server *s, Lookup *l, PeerNames *names) {
        const Address *refused = NULL;

        l->n = 0;
        for (size_t i = 0; i < names->n; i++)
                if (!address_is_refused(&names->addresses[i], l->peer->may_be_private, s->routes)) {
                        l->addresses[l->n] = names->addresses[i];
                        address_set_port(&l->addresses[l->n++], l->peer->target_port);
                } else
                        refused = &names->addresses[i];
        if (refused && l->n == 0)
                record_refused(s, l, names, refused);
        else if (l->n == 0)
                record_unknown(s, l, names);
        l->ready(s, l);
}

static bool ask(const Server *s, const Lookup *l) {
        ResolverQuestion question = { .id = l->id, .peer = server_peer_index(s, l->peer) };

        /* The resolver does not know peers that were granted. */
        snprintf(question.name, sizeof(question.name), "%s",
                 l->name ?: question.peer < s->n_planned ? "" : l->peer->target);
        return send(s->from_resolver.fd, &question, sizeof(question), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

void lookup_begin(Server *s, Lookup *l) {
        PeerNames *names = &s->names[l->id];

        if (address_parse(l->peer->target, l->peer->target_port, &l->addresses[0])) {
                l->n = 1;
                l->ready(s, l);
                return;
        }
        if (!names->asked && names->valid_until > clock_usec(CLOCK_MONOTONIC)) {
                take_addresses(s, l, names);
                return;
        }
        l->next = NULL;
        *(names->waiting ? &names->last->next : &names->waiting) = l;
        names->last = l;
        if (names->asked)
                return;
        names->asked = true;
        if (!ask(s, l))
                lookup_answered(s, &(ResolverAnswer) { .id = l->id });
}

void lookup_answered(Server *s, const ResolverAnswer *answer) {
        enum { VALID_USEC = 5000000 };
        PeerNames *names = &s->names[answer->id];
        Lookup *l = names->waiting, *next;

        names->n = answer->n;
        memcpy(names->addresses, answer->addresses, sizeof(names->addresses));
        names->valid_until = answer->n > 0 ? clock_usec(CLOCK_MONOTONIC) + VALID_USEC : 0;
        names->asked = false;
        names->waiting = NULL;
        for (; l; l = next) {
                next = l->next;
                take_addresses(s, l, names);
        }
}

void lookup_unanswered(Server *s) {
        for (uint32_t i = 0; i < lookup_count(s); i++)
                if (s->names[i].asked)
                        lookup_answered(s, &(ResolverAnswer) { .id = i });
}
