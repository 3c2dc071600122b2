/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the process with the flows says to isorun, which writes it to the journal. The payload causes these records, so
 * there are few: the same one is sent for the first time, the tenth, the hundredth, and so on. */

#include "plan/plan.h"
#include "sandbox/flows/address.h"
#include "sandbox/flows/dns.h"

typedef enum FlowRecordKind {
        FLOW_UNKNOWN_NAME,    /* name: the payload asked for it, and no peer has it */
        FLOW_UNKNOWN_NAMES,   /* the payload asked for so many others that they are no longer recorded */
        FLOW_TOO_MANY_NAMES,  /* a name that a pattern matches has no room: PEERS_NAMES_MAX */
        FLOW_REFUSED_ADDRESS, /* peer, address: its name leads there, and may not. name: which, if it is a pattern */
        FLOW_NO_ADDRESS,      /* peer: the host finds no address of its name. name: as above */
        FLOW_TOO_MANY,        /* peer: a connection to it was reset because of FlowsMax= */
        FLOW_TOO_MANY_CLIENTS, /* entrance: the same, from a client */
        FLOW_NO_FILES,        /* the process can open no more files, so a connection was reset, or a datagram lost */
        FLOW_ENDED,           /* peer, sent, received, usec: LogFlows= */
        FLOW_CLIENT_ENDED,    /* entrance, address (if it is one), sent, received, usec: the same, from a client */
        _FLOW_RECORD_MAX,
} FlowRecordKind;

enum { FLOW_PEER_GRANTED = UINT16_MAX };

/* A message of SOCK_SEQPACKET. */
typedef struct FlowRecord {
        uint32_t kind;
        union {
                uint32_t peer; /* its index in the plan, or FLOW_PEER_GRANTED: name is HOST:PORT */
                uint32_t entrance; /* the same */
        };
        uint64_t count; /* how often this happened */
        uint64_t sent, received; /* bytes from and to the payload */
        uint64_t usec;  /* how long the flow lasted */
        Address address;
        char name[DNS_NAME_SIZE];
} FlowRecord;

/* The names that were refused. */
typedef struct RefusedNames {
        struct {
                char *name;
                uint64_t count;
        } items[256];
        size_t n;
        uint64_t n_others; /* questions for names that have no room here */
} RefusedNames;

/* Whether records of this kind are about one peer. */
bool record_is_of_peer(uint32_t kind);

/* Whether they are about one entrance. */
bool record_is_of_entrance(uint32_t kind);

/* Whether to record what has happened this often. */
bool record_is_due(uint64_t count);

/* The peer of a record: "HOST:PORT[/udp]". On the heap. NULL as below. */
char *record_peer_text(const Plan *plan, const FlowRecord *record);

/* Says of a FLOW_REFUSED_ADDRESS or FLOW_NO_ADDRESS to which peer there was no connection, and why: "PEER: REASON". On
 * the heap. NULL when memory runs out, or if no honest process sends this record. */
char *record_reset_text(const Plan *plan, const FlowRecord *record);

/* Counts the name. Returns whether to send *ret. */
bool record_unknown_name(RefusedNames *names, const char *name, FlowRecord *ret);
