/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The entrances of ListenOn=: places of the host at which servers in the instance's network are reached. isorun listens
 * there, and connects to the server: sandbox/flows. */

#include "plan/builder.h"

/* Finds the entrances. A part of plan_new(), after build_peers(). */
int build_entrances(Builder *b);

/* A socket unit of systemd passes n sockets to isorun, from fd 3 on: LISTEN_FDS. isorun itself uses those at the port
 * or path of an entrance, and the payload gets the others. *ret_names is the part of names for these, on the heap;
 * names is a list with ":", or NULL. Returns their number or -ENOMEM. */
int entrances_take_passed(Builder *b, size_t n, const char *names, char **ret_names);
