/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The peers of ConnectTo=. In the instance's network, each peer has an address, and isorun listens there on the peer's
 * ports: sandbox/flows. A host that is a name gets an address of 198.18.0.0/15, which RFC 2544 keeps off the internet.
 * Not one of 127.0.0.0/8, which many programs trust. */

#include "plan/builder.h"

/* The first address of the range belongs to the loopback device, so that the range is local. */
#define PEERS_NETWORK "198.18.0.1"
enum { PEERS_PREFIX = 15 };

/* Where the payload finds the name server. */
#define PEERS_NAME_SERVER "127.0.0.1"
enum { PEERS_NAME_SERVER_PORT = 53 };

/* Finds the address of each peer. A part of plan_new(). */
int build_peers(Builder *b);

/* The texts of resolv.conf(5) and hosts(5) inside, on the heap. NULL when memory runs out. */
char *peers_resolver_text(void);
char *peers_hosts_text(const Plan *plan);
