/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the name of a peer may lead: not to loopback, link-local, multicast or unspecified addresses, to those that
 * embed an IPv4 address, or to the metadata services of clouds, and to a private network only if the policy says so. */

#include <stdint.h>

typedef enum NetworkKind {
        NETWORK_REFUSED,  /* no name may lead there, whatever the policy says */
        NETWORK_PRIVATE,  /* a policy may allow it: =private */
        NETWORK_OF_PEERS, /* an isorun around this one gives these addresses to its peers, and nobody else does there */
        NETWORK_PUBLIC,
} NetworkKind;

/* The kind of an address of AF_INET (4 bytes) or AF_INET6 (16 bytes), in network byte order. */
NetworkKind network_kind(int family, const uint8_t *address);
