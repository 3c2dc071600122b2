/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's part of flows/: keeps the sockets that the process inside has made, and the process that serves them. */

#include "sandbox/outside/entrances.h"
#include "sandbox/outside/run.h"
#include "sandbox/systemd/journal.h"

typedef struct FlowServer {
        int *listeners; /* in the order of flows/listen.h; when it starts, those of the entrances follow */
        size_t n;       /* that have come */
        bool ipv6;      /* the instance's network has IPv6 */
        Entrances entrances;
        int socket;     /* to the process; when it is closed, the process ends */
        int pidfd;      /* of the process; -1: none */
        int askers;     /* the socket at which isoctl asks: wire/flow-question.h; -1: none */
        const Plan *plan; /* borrowed, as is report */
        Report *report;
        bool *noted;    /* for each peer: the caller knows why there was no connection */
        bool is_silent; /* the process sends nothing any more */
        JournalRate rate;
} FlowServer;

/* Takes over a socket from MESSAGE_LISTENING. ipv6: the instance's network has IPv6. Returns 0, -EPROTO if it is not
 * the next one, or -ENOMEM. */
int flow_server_keep(FlowServer *f, const Plan *plan, int number, bool ipv6, int fd);

/* Starts the process when the payload runs; until then, connections wait. Does nothing without peers. Returns 0 or
 * -errno, reported. */
int flow_server_start(FlowServer *f, const Run *run);

/* Takes records from the process: flows/record.h. */
void flow_server_take(FlowServer *f);

/* Accepts a connection at askers, and passes it to the process. */
void flow_server_admit(const FlowServer *f);

/* The process has ended before the payload, which it should not. Says so, once. */
void flow_server_ended(FlowServer *f, Report *report);

/* Ends the process, and waits for that. */
void flow_server_deinit(FlowServer *f);
