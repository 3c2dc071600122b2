/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks up the names of peers as the host does (nsswitch.conf), in a process of its own: getaddrinfo(3) waits, and
 * loads libraries, which the filter of the process with the flows denies. */

#include "plan/plan.h"
#include "sandbox/flows/address.h"

enum { RESOLVER_ADDRESSES = 8 };

/* A question. */
typedef struct ResolverQuestion {
        uint32_t id;   /* as the asking process likes */
        uint32_t peer; /* its index in the plan */
        char name[256]; /* if the peer is a pattern: a name that it matches; if it was granted: its name */
} ResolverQuestion;

typedef struct ResolverAnswer {
        uint32_t id;
        uint32_t n; /* 0: the name has no address, or the lookup failed */
        Address addresses[RESOLVER_ADDRESSES]; /* without a port; in the order in which to try them */
} ResolverAnswer;

/* Forks the resolver. Returns a SOCK_SEQPACKET socket for questions and answers, or -errno. *ret_pidfd is the process:
 * end it with resolver_end(). The caller owns both. */
int resolver_start(const Plan *plan, int *ret_pidfd);

/* Kills the resolver, which may wait for a name server, and waits until it is gone. */
void resolver_end(int pidfd);
