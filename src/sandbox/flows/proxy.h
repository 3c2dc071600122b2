/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The header of the PROXY protocol, version 2, with which a server learns the address of its client:
 * https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt */

#include <stddef.h>
#include <stdint.h>

#include "sandbox/flows/address.h"

enum { PROXY_SIZE = 16 + 36 };

/* Writes the header for a connection from a client to an address of this host. Addresses of other families, such as
 * those of Unix sockets, stay unknown to the server. Returns its size. */
size_t proxy_header(const Address *client, const Address *host, uint8_t header[static PROXY_SIZE]);
