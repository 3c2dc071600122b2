/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The peers of ConnectTo=. In the instance's network, each peer has an address, and isorun listens there on the peer's
 * ports: sandbox/flows. A host that is a name gets an address of 198.18.0.0/15, which RFC 2544 keeps off the internet.
 * Not one of 127.0.0.0/8, which many programs trust. */

#include "plan/builder.h"

/* Names that patterns can match in one instance. Each could tell the owner of its zone something. */
enum { PEERS_NAMES_MAX = 4096 };

enum { PEERS_MAX = 256 }; /* each needs a socket in isorun, which may have 1024 */

/* Where the payload finds the name server. */
#define PEERS_NAME_SERVER "127.0.0.1"
enum { PEERS_NAME_SERVER_PORT = 53 };

/* Finds the address of each peer. A part of plan_new(). */
int build_peers(Builder *b);

/* Whether the host is an address or localhost. p->address and p->ipv6 are then that address. */
bool peer_read_address(PlanPeer *p);

/* Whether a peer can have this address: those that mean many hosts or none cannot. */
bool peer_address_is_usable(const PlanPeer *p);

/* Adds a peer to plan->peers, which has room for PEERS_MAX, while the instance runs: sandbox/flows/grants.h. text is as
 * in ConnectTo=, with one port and no pattern. The plan keeps what it needs of the text. Returns 0 with the peer, or
 * -errno, reported. */
int peers_grant(Plan *plan, const char *text, PlanPeer **ret, Report *report);

/* Whether a pattern, such as "*.example.org", matches the name, which is in lower case. It matches at any depth, but
 * not "example.org" itself. */
bool peer_matches(const PlanPeer *pattern, const char *name);

/* Whether the peer leads to each name that its pattern matches, and not to one place for all of them. */
bool peer_follows_name(const PlanPeer *p);

/* The address of an IPv4 peer as a number, and the last one that a name has. */
uint32_t peer_address(const PlanPeer *p);
uint32_t peers_last_address(const Plan *plan);

/* The texts of resolv.conf(5) and hosts(5) inside, on the heap. NULL when memory runs out. */
char *peers_resolver_text(void);
char *peers_hosts_text(const Plan *plan);
