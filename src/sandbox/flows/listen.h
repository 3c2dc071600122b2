/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside: the sockets at which the payload finds its peers and its name server. They belong to the instance's network,
 * but isorun accepts outside. */

#include "sandbox/wire/failure.h"

/* The order of the sockets: one for each peer of the plan that is not covered, then these. */
enum { LISTEN_DATAGRAMS, LISTEN_STREAMS, LISTEN_NAME_SERVERS };

static inline size_t listen_count(const Plan *plan) {
        size_t n = LISTEN_NAME_SERVERS;

        for (size_t i = 0; i < plan->n_peers; i++)
                n += !plan->peers[i].is_covered;
        return n;
}

/* Gives the loopback device of this process's network the addresses of the peers, listens there, and sends the sockets
 * to isorun: a MESSAGE_LISTENING for each. Returns 0, or a negative errno kept in f. */
int listen_for_peers(const Plan *plan, int socket, Failure *f);
