/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connection of the payload to a peer: accepted from the payload, and made anew to the peer. Or of a client outside
 * to a server of the payload, the other way round. */

#include "sandbox/flows/server.h"

/* Sets options of the listener, which each accepted socket inherits. */
void flow_prepare(const Listener *listener);

/* A Watch.ready of a Listener for connections. */
void flow_accept(Server *s, Watch *w, uint32_t events);

/* Sockets of inner.h are ready: the flows that wait for them go on. */
void flow_served(Server *s);

enum { FLOW_RETRY_MSEC = 20 };

/* Tries to connect the flows in s->queue, if it is time to. */
void flow_retry(Server *s);

/* Ends the flows to a peer that was revoked. */
void flow_end_peer(Server *s, const PlanPeer *peer);

/* Ends all flows. */
void flow_end_all(Server *s);

/* Visits all flows. */
void flow_visit(const Server *s, FlowVisitor visitor, void *userdata);

/* Goes on with the flows in s->more. */
void flow_continue(Server *s);

/* Frees the flows that have ended. Call it after flow_continue(), when no event is left that may point to them. */
void flow_bury(Server *s);
