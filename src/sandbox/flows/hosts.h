/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names that exist inside, with their addresses: those of the plan, and those that match a pattern, which get an
 * address when the payload asks for one. No address is used twice. */

#include "plan/plan.h"

typedef struct GivenName {
        char *name;
        uint32_t address;
} GivenName;

typedef struct Hosts {
        Plan *plan;
        GivenName *given; /* has room for PEERS_NAMES_MAX; NULL: no pattern has matched yet */
        size_t n_given;
        uint64_t n_refused; /* names that had no room */
        bool ipv6; /* each address has a twin: plan/network/flows.h */
} Hosts;

/* Finds the address of a name, in lower case. One without a dot may be below a search domain of the plan. Returns 0,
 * -ENOENT if no peer has this name, or -ENOSPC if it matches a pattern but can have no address any more. With give, a
 * name that matches gets an address; otherwise *ret may be 0. */
int hosts_find(Hosts *h, const char *name, bool give, uint32_t *ret);

/* The address that a pattern has given to the name, or 0. */
uint32_t hosts_find_given(const Hosts *h, const char *name);

/* The name that has this address, or NULL. */
const char *hosts_find_name(const Hosts *h, uint32_t address);

/* The index in h->given of a name. Adds names of the plan that a pattern matches, too. Returns -ENOSPC if there is no
 * room. */
ssize_t hosts_index(Hosts *h, const char *name, uint32_t address);
