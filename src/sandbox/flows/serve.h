/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/flows/server.h"

/* Opens everything that a server needs. listeners are from MESSAGE_LISTENING, in the order of flows/listen.h. routes
 * is of routes_open(). The process ends with the server, so nothing is ever freed. Returns 0 or -errno. */
int serve_new(Server **ret, const Plan *plan, const int *listeners, int isorun, int resolver,
              int routes);

/* Serves until isorun closes its end of the socket. Returns 0 or -errno. */
int serve_run(Server *s);
