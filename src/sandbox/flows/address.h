/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which addresses a peer's name may have. The owner of a name's zone decides what it means, and could lead the payload
 * to services of this host or of its network: DNS rebinding. */

#include <netinet/in.h>
#include <stdbool.h>

typedef union Address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
} Address;

static inline socklen_t address_size(const Address *a) {
        return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static inline void address_set_port(Address *a, uint16_t port) {
        *(a->any.sa_family == AF_INET ? &a->v4.sin_port : &a->v6.sin6_port) = htons(port);
}

/* Parses an address of inet_pton(3). Returns whether it is one. */
bool address_parse(const char *text, uint16_t port, Address *ret);

/* ADDRESS:PORT, on the heap; empty if it is no internet address. NULL when memory runs out. */
char *address_format(const Address *a);

/* Opens a socket at which the kernel answers questions about routes: rtnetlink(7). Returns it, or -1 if this process
 * may not have one. */
int routes_open(void);

/* Whether a name may not lead to this address: loopback, link-local, multicast, unspecified, addresses that embed an
 * IPv4 address, the metadata services of clouds, addresses of this host, and private networks unless private_too.
 * If the kernel does not say whose an address is, it counts as one of this host. routes is what routes_open() has
 * returned. */
bool address_is_refused(const Address *a, bool private_too, int routes);
