/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The addresses that a peer has outside. Flows that ask at the same time share a question to the resolver, and its
 * answer is kept for some seconds. */

#include "sandbox/flows/server.h"

/* A part of each flow. */
struct Lookup {
        const PlanPeer *peer;
        const char *name; /* if the peer is a pattern: the name that it matches */
        uint32_t id;      /* an index of the server's names */
        Address addresses[RESOLVER_ADDRESSES]; /* with the port: those that the name may lead to */
        size_t n;                              /* 0: the name does not exist, or may not lead there */
        void (*ready)(Server *s, Lookup *l);
        Lookup *next; /* that waits for the same name */
};

/* Finds the peer that the payload wants with a connection to this listener, and fills in its part of l. Returns false
 * if the address leads to no peer: a pattern listens at all addresses, but has names for some only. */
bool lookup_find_peer(Server *s, const Listener *listener, int accepted, Lookup *l);

/* How many of the server's names are in use. */
size_t lookup_count(const Server *s);

/* Finds the addresses of l->peer, and calls l->ready, now or later. The peer is not a socket. */
void lookup_begin(Server *s, Lookup *l);

/* The resolver has answered: what waits for the name goes on. */
void lookup_answered(Server *s, const ResolverAnswer *answer);

/* The resolver will not answer: what waits for a name ends. */
void lookup_unanswered(Server *s);
