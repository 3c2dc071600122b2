/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Connections that isorun carries between the instance's own network and the host: to peers (ConnectTo=), and from
 * entrances (ListenOn=). */

#include "plan/builder.h"

/* The first address of the range belongs to the loopback device, so that the range is local. Servers see clients of
 * entrances at the second one. Names of peers get the others. RFC 2544 keeps the range off the internet. */
#define FLOWS_NETWORK "198.18.0.1"
#define FLOWS_CLIENT "198.18.0.2"
enum { FLOWS_PREFIX = 15 };

/* Where the instance's network has IPv6, each address of a name has a twin: this network, of the private ones of RFC
 * 4193, and then the IPv4 address. The number of the network is "isorun" in ASCII. */
#define FLOWS_NETWORK6 "fd69:736f:7275:6e::"
#define FLOWS_SERVER6 FLOWS_NETWORK6 "c612:1" /* the twin of FLOWS_NETWORK */
#define FLOWS_CLIENT6 FLOWS_NETWORK6 "c612:2" /* the twin of FLOWS_CLIENT */
enum { FLOWS_PREFIX6 = 96 };

/* The congestion control of connections over a loopback device, where no segment is lost or late: it sends without
 * timers. Each kernel has it: tcp(7). */
#define FLOWS_LOOPBACK_CONGESTION "reno"

/* Writes the twin of an address, which is a number. */
void flows_write_twin(uint32_t address, uint8_t ret[static 16]);

/* Reads the address whose twin this is. Returns whether it is one. */
bool flows_read_twin(const uint8_t twin[static 16], uint32_t *ret);

/* Reports if the policy or an option cannot be combined with a setting of id, ConnectTo= or ListenOn=. */
int flows_check_network(Builder *b, DirectiveId id, const Setting *setting);

/* A policy for clients or servers can have an empty line ConnectTo= or ListenOn=, for others to add to. If the payload
 * then has no network, and no line says so, this reports a notice. Call it after build_peers() and
 * build_entrances(). */
void flows_suggest(Builder *b);
