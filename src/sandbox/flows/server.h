/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process that carries the flows of an instance: it runs outside, with the payload's ids, and is a child of isorun.
 * One slow or hostile connection stalls no other: no call here waits. */

#include <sys/epoll.h>

#include "plan/plan.h"
#include "sandbox/flows/hosts.h"
#include "sandbox/flows/pump.h"
#include "sandbox/flows/record.h"
#include "sandbox/flows/resolver.h"

typedef struct Server Server;
typedef struct Watch Watch;
typedef struct Lookup Lookup;
typedef struct Flow Flow;
typedef struct Stream Stream;
typedef struct Exchange Exchange;
typedef struct Asker Asker;

/* An fd that epoll(7) watches. */
struct Watch {
        int fd; /* -1: closed; the events that were found before are not delivered */
        void (*ready)(Server *s, Watch *w, uint32_t events);
};

/* What is known about the name of a peer. */
typedef struct PeerNames {
        Address addresses[RESOLVER_ADDRESSES];
        size_t n;
        uint64_t valid_until; /* CLOCK_MONOTONIC in µs */
        bool asked;           /* the resolver has not answered yet */
        uint64_t n_refused;   /* how often an address was refused */
        uint64_t n_unknown;   /* how often there was no address */
        Lookup *waiting, *last; /* the first, and the last of them */
} PeerNames;

/* A listener of a peer, of an entrance, or of the name server. */
typedef struct Listener {
        Watch watch; /* the first member: the listener is found from it */
        const PlanPeer *peer;
        const PlanEntrance *entrance;
        bool reached;  /* a server has listened there; before that, only one client is accepted at a time, and waits */
        size_t place;  /* the address at which the server was reached: flow.c */
} Listener;

/* What is to be done when a grant has succeeded, or has failed with r, reported. */
typedef void (*GrantDone)(Server *s, uint64_t asker, int r, const Report *report);

/* A grant that waits for the process that makes its sockets: grants.h. */
typedef struct Grant {
        PlanPeer *peer; /* NULL: there is none */
        unsigned n_made; /* sockets */
        uint64_t end;   /* CLOCK_MONOTONIC in µs: then it has failed */
        GrantDone done;
        uint64_t asker;
} Grant;

struct Server {
        Plan *plan; /* of this process alone */
        size_t n_planned; /* peers of the policy; those after them were granted */
        Listener *granted; /* by the index of the peer, and then those of the twins: grants.h */
        Watch from_maker; /* the second process of inner.h; fd -1: no peer can be granted */
        Grant grant;
        int epoll;
        Watch from_isorun;
        Watch from_resolver, from_inner; /* the caller of serve_new() closes these; fd -1: not used */
        Hosts hosts;
        uint64_t n_names_recorded; /* of hosts.n_refused */
        PeerNames *names; /* one for each of PEERS_MAX, and then one for each of hosts.given */
        PumpPipes pipes;
        Flow *flows;  /* all */
        size_t n_flows;   /* of the payload */
        size_t n_clients; /* flows from entrances: clients outside take no flow from the payload */
        RefusedNames refused;
        uint64_t n_too_many, n_too_many_clients, n_no_files; /* connections that were reset: FlowRecordKind */
        int routes;   /* of routes_open() */
        Flow *dead;   /* freed when no event can point to them */
        Flow *more;   /* have bytes to move although no event will tell */
        Flow *queue;  /* wait until a socket has room for one more connection, which no event will tell */
        uint64_t queue_time; /* when to try again, CLOCK_MONOTONIC */
        Exchange **exchanges; /* a hash table of datagrams.h; NULL: none yet */
        size_t n_exchanges;
        uint64_t expiry; /* when to look for those that have ended, CLOCK_MONOTONIC */
        Flow *without_socket; /* wait for a socket of inner.h */
        Stream *streams; /* of name-server.h */
        unsigned next_stream;
        Asker *askers; /* of asker.h */
        unsigned next_asker;
        uint64_t n_askers; /* so far */
        uint64_t sent, received; /* bytes of flows and exchanges that have ended */
        int spare;    /* an fd that is closed to accept when no other is free; -1: none */
        Listener listeners[]; /* in the order of flows/listen.h, then those of the entrances */
};

/* What isoctl shows of a flow or an exchange of datagrams. All is borrowed. */
typedef struct FlowFacts {
        const PlanPeer *peer;
        const PlanEntrance *entrance; /* without a peer */
        const char *name;  /* if the peer is a pattern */
        const char *state; /* a word */
        Address client;    /* of an entrance; family 0: not known */
        uint64_t sent, received; /* bytes from and to the payload */
        uint64_t begun;    /* CLOCK_MONOTONIC */
} FlowFacts;

typedef void (*FlowVisitor)(const FlowFacts *facts, void *userdata);

/* Watches the fd. Returns 0 or -errno. */
int server_watch(Server *s, Watch *w, uint32_t events);

/* Sends a record to isorun. If isorun does not take it at once, the record is lost. */
void server_record(const Server *s, const FlowRecord *record);

/* The index of the peer in the plan. */
static inline uint32_t server_peer_index(const Server *s, const PlanPeer *peer) {
        return (uint32_t) (peer - s->plan->peers);
}

/* Whether the instance may have one more flow. If not, this may send a record. */
bool server_has_room(Server *s, const PlanPeer *peer);

/* The same for one more client of an entrance. */
bool server_has_room_for_client(Server *s, const PlanEntrance *entrance);

/* A socket could not be made, because of this errno or -errno. If no more files can be open, this may send a record. */
void server_note_files(Server *s, int error);

/* Ends an accepted connection in a way that its other end takes for a failure. */
void server_reset(int accepted);

/* Closes the fd. */
void server_close(Watch *w);

/* Accepts a connection. Returns the socket, which does not block, or -1 if there is none. */
int server_accept(Server *s, Watch *w);

/* Makes the fd of s->spare. Returns it or -1. */
int server_make_spare(void);
