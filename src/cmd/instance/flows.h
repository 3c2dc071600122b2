/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks for the connections that isorun carries for an instance: sandbox/wire/flow-question.h. */

#include "cmd/instance/instance.h"
#include "sandbox/wire/flow-question.h"
#include "util/report.h"

/* Borrowed from the text of Flows. All but the first three may have any bytes. */
typedef struct FlowLine {
        const char *direction, *protocol, *state;
        uint64_t sent, received; /* bytes from and to the payload */
        uint64_t usec;           /* its age */
        const char *peer;        /* of ConnectTo=, or the entrance of ListenOn= */
        const char *with;        /* the name for a pattern, or the client; NULL: neither */
} FlowLine;

typedef struct Flows {
        char *text;
        FlowLine *items;
        size_t n;
        const char **grants; /* the peers that were granted, of any bytes */
        size_t n_grants;
        const char *failed;  /* why a peer was not granted or revoked, of any bytes; NULL: it was */
        uint64_t n_peers, n_clients; /* how many there are in each direction */
        uint64_t sent, received;     /* of all, also of those that have ended */
} Flows;

void flows_deinit(Flows *f);

/* Parses an answer after its header, and takes the text over. Returns 0 or -errno: -EPROTO if it is not an answer. */
int flows_parse(char *text, Flows *ret);

/* HOST:PORT of an argument "peer:HOST:PORT", or NULL: a directory can be called "peer", too, but has a path after
 * it. */
const char *flows_peer_of(const char *argument);

/* Whether isoctl can ask this instance. */
bool flows_can_ask(const Instance *instance);

/* Asks, and waits until the time of CLOCK_MONOTONIC for the whole answer. peer is for FLOWS_GRANT
 * and FLOWS_REVOKE. Returns 1, 0 if isorun does not carry connections for this instance, or -errno, reported. Call
 * flows_deinit() in either case. */
int flows_ask(const Instance *instance, FlowQuestionType type, const char *peer, uint64_t until, Flows *ret,
              Report *report);

/* Grants or revokes a peer. Returns 0 or -errno, reported. */
int flows_change(const Instance *instance, FlowQuestionType type, const char *peer, Report *report);
