/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/hosts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/network/peers.h"

static const PlanPeer *find_peer(const Plan *plan, const char *name) {
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (!p->literal && !p->is_pattern && !p->is_revoked && streq(p->host, name))
                        return p;
        return NULL;
}

static bool matches_pattern(const Plan *plan, const char *name) {
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (p->is_pattern && peer_matches(p, name))
                        return true;
        return false;
}

static ssize_t find_given(const Hosts *h, const char *name) {
        for (size_t i = 0; i < h->n_given; i++)
                if (streq(h->given[i].name, name))
                        return (ssize_t) i;
        return -ENOENT;
}

static ssize_t add(Hosts *h, const char *name, uint32_t address) {
        char *copy;

        if (!h->given)
                h->given = calloc(PEERS_NAMES_MAX, sizeof(*h->given));
        copy = h->given && h->n_given < PEERS_NAMES_MAX ? strdup(name) : NULL;
        if (!copy)
                return -ENOSPC;
        h->given[h->n_given] = (GivenName) { copy, address };
        return (ssize_t) h->n_given++;
}

/* Finds exactly this name. Returns as hosts_find(). */
static int find(Hosts *h, const char *name, bool give, uint32_t *ret) {
        const PlanPeer *peer = find_peer(h->plan, name);
        ssize_t i = peer ? -ENOENT : find_given(h, name);

        if (!peer && i < 0 && !matches_pattern(h->plan, name))
                return -ENOENT;
        if (!peer && i < 0 && give) {
                i = add(h, name, peers_last_address(h->plan) + 1);
                if (i < 0) {
                        h->n_refused++;
                        return (int) i;
                }
                h->plan->last_given = h->given[i].address;
        }
        *ret = peer ? peer_address(peer) : i >= 0 ? h->given[i].address : 0;
        return 0;
}

int hosts_find(Hosts *h, const char *name, bool give, uint32_t *ret) {
        int r = find(h, name, give, ret);

        if (!*name || strchr(name, '.'))
                return r;
        for (char **domain = h->plan->search_domains; domain && *domain && r == -ENOENT; domain++) {
                char whole[256]; /* RFC 1035: of a name, at most */

                if ((size_t) snprintf(whole, sizeof(whole), "%s.%s", name, *domain) < sizeof(whole))
                        r = find(h, whole, give, ret);
        }
        return r;
}

uint32_t hosts_find_given(const Hosts *h, const char *name) {
        ssize_t i = find_given(h, name);

        return i < 0 ? 0 : h->given[i].address;
}

const char *hosts_find_name(const Hosts *h, uint32_t address) {
        const Plan *plan = h->plan;

        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (!p->literal && !p->is_pattern && peer_address(p) == address)
                        return p->host;
        for (size_t i = 0; i < h->n_given; i++)
                if (h->given[i].address == address)
                        return h->given[i].name;
        return NULL;
}

ssize_t hosts_index(Hosts *h, const char *name, uint32_t address) {
        ssize_t i = find_given(h, name);

        return i >= 0 ? i : add(h, name, address);
}
