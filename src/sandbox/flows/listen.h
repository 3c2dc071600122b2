/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside: the sockets at which the payload finds its peers and its name server, and one that leads to the instance's
 * network. They belong to that network, but isorun uses them outside. */

#include "sandbox/wire/failure.h"

/* The order of the sockets: with peers, one for each peer of the plan that is not covered, then these; */
enum { LISTEN_DATAGRAMS, LISTEN_STREAMS, LISTEN_NAME_SERVERS };

/* with entrances, one that does not listen. */
static inline size_t listen_count(const Plan *plan) {
        size_t n = plan->n_peers > 0 ? LISTEN_NAME_SERVERS : 0;

        for (size_t i = 0; i < plan->n_peers; i++)
                n += !plan->peers[i].is_covered;
        return n + (plan->n_entrances > 0);
}

/* Gives the loopback device of this process's network the addresses of the peers, listens there, and sends the sockets
 * to isorun: a MESSAGE_LISTENING for each. proc is a writable /proc, or -1: a new one is mounted if it is needed. Does
 * nothing without peers and entrances. Returns 0, or a negative errno kept in f. */
int listen_for_flows(const Plan *plan, int proc, int socket, Failure *f);
