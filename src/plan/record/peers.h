/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Peers of a run that had the host's network, and all of it: isorun --permissive. Its record has a network of its own,
 * and the peers that were used, unless an abstract socket of the host was used. */

#include <stdio.h>

#include "plan/record/record.h"

/* Begins a key of the record that is a name and the address that the program has found for it: "?NAME=ADDRESS". */
enum { RECORD_NAME = '?' };

/* Whether the payload has used an abstract socket that it has not made. Only the host's network has it. */
bool record_uses_abstract(const Record *record);

/* What an entry of the record says of a peer. */
typedef struct RecordPeer {
        char *line; /* HOST:PORT[/udp][=TARGET] */
        RecordCount count;
} RecordPeer;

typedef struct RecordPeers {
        RecordPeer *items; /* sorted by line */
        size_t n;
        unsigned *listened; /* the ports to which it has bound TCP sockets, but for those that change each time */
        size_t n_listened;
} RecordPeers;

/* hosts: the text of the host's hosts(5), or NULL. resolver: the text of its resolv.conf(5), or NULL: its name servers
 * are no peers. Returns 0 or -ENOMEM. */
int record_find_peers(const Record *record, const char *hosts, const char *resolver, RecordPeers *ret);

void record_peers_deinit(RecordPeers *peers);
