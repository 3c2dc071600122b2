/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/flows/listen.h"
#include "sandbox/flows/server.h"

/* The number of listeners: from MESSAGE_LISTENING, in the order of flows/listen.h, and then those of the entrances. */
static inline size_t serve_count(const Plan *plan) {
        return listen_count(plan) + plan->n_entrances;
}

/* Opens everything that a server needs. resolver is -1 without peers, inner without entrances; routes is of
 * routes_open(). The process ends with the server, so nothing is ever freed. Returns 0 or -errno. */
int serve_new(Server **ret, const Plan *plan, const int *listeners, int isorun, int resolver, int inner, int routes);

/* Serves until isorun closes its end of the socket. Returns 0 or -errno. */
int serve_run(Server *s);
