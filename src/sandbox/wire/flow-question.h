/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How isoctl asks the process that carries the connections of an instance: sandbox/flows.
 *
 * isorun listens at a second abstract socket, of SOCK_STREAM. It accepts the same senders as at that of control.h, and
 * passes the connection on. The first process inside takes no part: the payload may attack it.
 *
 * isoctl sends one question. The answer is a ControlHeader and lines of text. Their fields are separated by tabs, and
 * the first one says which line it is:
 *
 *     flow DIRECTION PROTOCOL STATE SENT RECEIVED USEC PEER WITH
 *     sum PEERS CLIENTS SENT RECEIVED
 *     grant PEER
 *     failed TEXT
 *     end
 *
 * DIRECTION is "out" or "in", and PROTOCOL "tcp" or "udp". SENT are bytes from the payload, and RECEIVED bytes to it.
 * USEC is the age. PEER is that of ConnectTo=, or the entrance of ListenOn=. WITH is the name for a pattern, or the
 * client's address; "-": neither. In "sum", the bytes include those of connections that have ended. Without "end", the
 * answer is incomplete.
 *
 * The process may be in the hands of the payload, so isoctl takes the answer for data from an attacker. */

#include "sandbox/wire/control.h"

typedef enum FlowQuestionType {
        FLOWS_LIST = 1, /* "flow" lines, and then as FLOWS_SUM */
        FLOWS_SUM,      /* only "sum" and "grant" lines, for the peers that were granted */
        FLOWS_GRANT,    /* add peer, which is as in ConnectTo=; "failed" if it is refused */
        FLOWS_REVOKE,   /* remove peer, which is HOST:PORT[/udp], and end its connections */
        _FLOW_QUESTIONS,
} FlowQuestionType;

typedef struct FlowQuestion {
        ControlHeader header;
        uint32_t type;
        char peer[512];
} FlowQuestion;
