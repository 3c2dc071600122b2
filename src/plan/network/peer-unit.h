/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Peers that lead to the place at which a socket unit of systemd listens: ConnectTo=db:5432=unit:NAME.socket.
 * Connecting to it starts the unit's service. */

#include "plan/builder.h"

/* Asks the manager that the setting names, or that of the instance, and makes the peer lead there. */
int peer_find_unit(Builder *b, PlanPeer *p, const Setting *s);
