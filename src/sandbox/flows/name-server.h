/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sockets of the name server of flows/dns.h. */

#include "sandbox/flows/server.h"

/* A Watch.ready of the socket for datagrams, and one of the socket for connections. */
void name_server_datagrams(Server *s, Watch *w, uint32_t events);
void name_server_accept(Server *s, Watch *w, uint32_t events);
