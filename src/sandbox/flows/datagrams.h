/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* UDP to peers. Each address from which the payload sends to a peer has a socket outside, connected to that peer, so
 * that only the peer's datagrams come back: an exchange. Nothing waits: a datagram that cannot be passed on at once is
 * lost, as on any network. */

#include "sandbox/flows/server.h"

enum { DATAGRAMS_EXPIRY_MSEC = 1000 };

/* A Watch.ready of a peer's socket. */
void datagrams_ready(Server *s, Watch *w, uint32_t events);

/* Ends the exchanges that have been idle for long. Call it when no event is left that may point to them. */
void datagrams_expire(Server *s);

void datagrams_end_all(Server *s);

/* Ends the exchanges with a peer that was revoked. */
void datagrams_end_peer(Server *s, const PlanPeer *peer);

/* Visits all exchanges. */
void datagrams_visit(const Server *s, FlowVisitor visitor, void *userdata);
