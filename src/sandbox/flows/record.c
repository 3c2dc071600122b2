/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/record.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/network/peers.h"
#include "util/text.h"

bool record_is_due(uint64_t count) {
        while (count >= 10 && count % 10 == 0)
                count /= 10;
        return count == 1;
}

/* Returns the count of the name, or NULL if it is new and has no room. */
static uint64_t *find_count(RefusedNames *names, const char *name) {
        char *copy;

        for (size_t i = 0; i < names->n; i++)
                if (streq(names->items[i].name, name))
                        return &names->items[i].count;
        copy = names->n < ELEMENTSOF(names->items) ? strdup(name) : NULL;
        if (!copy)
                return NULL;
        names->items[names->n].name = copy;
        return &names->items[names->n++].count;
}

bool record_unknown_name(RefusedNames *names, const char *name, FlowRecord *ret) {
        uint64_t *known = find_count(names, name), *count = known ?: &names->n_others;

        *ret = (FlowRecord) { .kind = known ? FLOW_UNKNOWN_NAME : FLOW_UNKNOWN_NAMES, .count = ++*count };
        snprintf(ret->name, sizeof(ret->name), "%s", known ? name : "");
        return record_is_due(*count);
}

/* The payload may have taken over the process that sends records, and chosen the name. */
static char *peer_of(const PlanPeer *p, const FlowRecord *r) {
        if (!p->is_pattern)
                return plan_peer_name(p);
        return peer_matches(p, r->name) ? format("%s:%u", r->name, p->port) : NULL;
}

char *record_reset_text(const Plan *plan, const FlowRecord *r) {
        const PlanPeer *p = &plan->peers[r->peer];
        const bool v4 = r->address.any.sa_family == AF_INET;
        _cleanup_free_ char *peer = peer_of(p, r);
        char address[INET6_ADDRSTRLEN];

        if (!peer)
                return NULL;
        if (r->kind == FLOW_NO_ADDRESS)
                return format("%s: the host finds no address of %s", peer, peer_follows_name(p) ? r->name : p->target);
        if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *) &r->address.v4.sin_addr
                                                   : (const void *) &r->address.v6.sin6_addr,
                       address, sizeof(address)))
                return NULL;
        return format(v4 ? "%s: a name may not lead to %s; ConnectTo=%s=%s:%u would allow it"
                         : "%s: a name may not lead to %s; ConnectTo=%s=[%s]:%u would allow it",
                      peer, address, peer, address, p->target_port);
}
