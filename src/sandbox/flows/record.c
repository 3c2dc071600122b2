/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/record.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/network/peers.h"
#include "util/text.h"

bool record_is_of_peer(uint32_t kind) {
        return kind == FLOW_REFUSED_ADDRESS || kind == FLOW_NO_ADDRESS || kind == FLOW_ENDED;
}

bool record_is_of_entrance(uint32_t kind) {
        return kind == FLOW_TOO_MANY_CLIENTS || kind == FLOW_CLIENT_ENDED;
}

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
static bool is_granted_name(const char *name) {
        return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.:/[]")] == '\0';
}

char *record_peer_text(const Plan *plan, const FlowRecord *r) {
        if (r->peer == FLOW_PEER_GRANTED)
                return is_granted_name(r->name) ? strdup(r->name) : NULL;
        return plan_peer_name(&plan->peers[r->peer]);
}

/* The name that the payload used. */
static char *peer_of(const Plan *plan, const FlowRecord *r) {
        const PlanPeer *p = r->peer == FLOW_PEER_GRANTED ? NULL : &plan->peers[r->peer];

        if (!p || !p->is_pattern)
                return record_peer_text(plan, r);
        return peer_matches(p, r->name) ? format("%s:%u", r->name, p->port) : NULL;
}

/* The line that would allow a peer to lead to the address. */
static char *remedy(const Plan *plan, const FlowRecord *r, const char *peer, const char *address) {
        const bool v4 = r->address.any.sa_family == AF_INET;

        if (r->peer == FLOW_PEER_GRANTED)
                return format(v4 ? "isoctl grant NAME peer:%s=%s:PORT" : "isoctl grant NAME peer:%s=[%s]:PORT", peer,
                              address);
        return format(v4 ? "ConnectTo=%s=%s:%u" : "ConnectTo=%s=[%s]:%u", peer, address,
                      plan->peers[r->peer].target_port);
}

char *record_reset_text(const Plan *plan, const FlowRecord *r) {
        const PlanPeer *p = r->peer == FLOW_PEER_GRANTED ? NULL : &plan->peers[r->peer];
        const bool v4 = r->address.any.sa_family == AF_INET;
        _cleanup_free_ char *peer = peer_of(plan, r), *line = NULL;
        char address[INET6_ADDRSTRLEN];

        if (!peer)
                return NULL;
        if (r->kind == FLOW_NO_ADDRESS)
                return format("%s: the host finds no address of %s", peer,
                              !p ? "the name" : peer_follows_name(p) ? r->name : p->target);
        if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *) &r->address.v4.sin_addr
                                                   : (const void *) &r->address.v6.sin6_addr,
                       address, sizeof(address)))
                return NULL;
        line = remedy(plan, r, peer, address);
        return line ? format("%s: a name may not lead to %s; %s would allow it", peer, address, line) : NULL;
}
