/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/flows/listen.h"
#include "sandbox/flows/server.h"

/* The number of listeners: from MESSAGE_LISTENING, in the order of flows/listen.h, and then those of the entrances. */
static inline size_t serve_count(const Plan *plan, bool ipv6) {
        return listen_count(plan, ipv6) + plan->n_entrances;
}

/* What the server needs besides the listeners; -1: not used. */
typedef struct ServeFds {
        int isorun, resolver;
        int inner, listener_maker; /* of inner.h */
        int routes; /* of routes_open() */
        bool ipv6;  /* the instance's network has IPv6 */
} ServeFds;

/* Opens everything that a server needs. It changes the plan. The process ends with the server, so nothing is ever
 * freed. Returns 0 or -errno. */
int serve_new(Server **ret, Plan *plan, const int *listeners, const ServeFds *fds);

/* Serves until isorun closes its end of the socket. Returns 0 or -errno. */
int serve_run(Server *s);
