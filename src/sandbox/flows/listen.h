/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside: the sockets at which the payload finds its peers and its name server, and one that leads to the instance's
 * network. They belong to that network, but isorun uses them outside. */

#include "sandbox/flows/address.h"
#include "sandbox/wire/failure.h"

/* Whether the peer has a socket at the twin of its address, too, where the network has IPv6. */
static inline bool listen_has_twin(const PlanPeer *p) {
        return (!p->literal || p->is_at_loopback6) && !p->is_covered;
}

/* The order of the sockets: with peers, one for each peer of the plan that is not covered, and one for its twin; then
 * these; */
enum { LISTEN_DATAGRAMS, LISTEN_STREAMS, LISTEN_NAME_SERVERS };

/* with entrances or if peers can be granted, one that does not listen. */
static inline bool listen_needs_network(const Plan *plan) {
        return plan->n_entrances > 0 || plan->grant_peers;
}

/* ipv6: the network has IPv6. */
static inline size_t listen_count(const Plan *plan, bool ipv6) {
        size_t n = plan_has_names(plan) ? LISTEN_NAME_SERVERS : 0;

        for (size_t i = 0; i < plan->n_peers; i++)
                n += (size_t) !plan->peers[i].is_covered + (ipv6 && listen_has_twin(&plan->peers[i]));
        return n + listen_needs_network(plan);
}

/* Gives the loopback device of this process's network an address. An IPv4 address needs a number that no other one has.
 * Returns 0 or -errno. */
int listen_add_address(const Address *a, unsigned number);

/* Makes a socket of this type that is bound to the address, and that listens if it is of SOCK_STREAM. Returns it or
 * -errno. */
int listen_at(const Address *a, int type);

/* The address at which the payload finds the peer; for a pattern, all. */
Address listen_address(const PlanPeer *p);

/* The twin of that: plan/network/flows.h; of localhost, ::1. */
Address listen_twin(const PlanPeer *p);

/* Whether the loopback device has the peer's address without listen_add_address(). */
bool listen_has_address(const PlanPeer *p);

/* Gives the loopback device of this process's network the addresses of the peers, listens there, and sends the sockets
 * to isorun: a MESSAGE_LISTENING for each, whose status is whether the network has IPv6. proc is a writable /proc, or
 * -1: a new one is mounted if it is needed. Does nothing without peers and entrances. Returns 0, or a negative errno
 * kept in f. */
int listen_for_flows(const Plan *plan, int proc, int socket, Failure *f);
