/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/lookup.h"

#include <sys/socket.h>

#include "util/clock.h"

static void record_refused(const Server *s, const Lookup *l, PeerNames *names, const Address *a) {
        if (record_is_due(++names->n_refused))
                server_record(s, &(FlowRecord) { .kind = FLOW_REFUSED_ADDRESS, .peer = server_peer_index(s, l->peer),
                                                 .count = names->n_refused, .address = *a });
}

/* Takes the addresses that a name may have. It is these that are connected to, so the name cannot change its answer in
 * between. */
static void take_addresses(Server *s, Lookup *l, PeerNames *names) {
        const Address *refused = NULL;

        l->n = 0;
        for (size_t i = 0; i < names->n; i++)
                if (!address_is_refused(&names->addresses[i], l->peer->may_be_private, s->routes))
                        l->addresses[l->n++] = names->addresses[i];
                else
                        refused = &names->addresses[i];
        if (refused && l->n == 0)
                record_refused(s, l, names, refused);
        l->ready(s, l);
}

void lookup_begin(Server *s, Lookup *l) {
        uint32_t index = server_peer_index(s, l->peer);
        PeerNames *names = &s->names[index];

        if (address_parse(l->peer->target, l->peer->target_port, &l->addresses[0])) {
                l->n = 1;
                l->ready(s, l);
                return;
        }
        if (!names->asked && names->valid_until > clock_usec(CLOCK_MONOTONIC)) {
                take_addresses(s, l, names);
                return;
        }
        l->next = names->waiting;
        names->waiting = l;
        if (names->asked)
                return;
        names->asked = true;
        if (send(s->from_resolver.fd, &index, sizeof(index), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                lookup_answered(s, &(ResolverAnswer) { .peer = index });
}

void lookup_answered(Server *s, const ResolverAnswer *answer) {
        enum { VALID_USEC = 5000000 };
        PeerNames *names = &s->names[answer->peer];
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
        for (uint32_t i = 0; i < s->plan->n_peers; i++)
                if (s->names[i].asked)
                        lookup_answered(s, &(ResolverAnswer) { .peer = i });
}
