/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Peers that are added and removed while the instance runs: GrantPeers=, isoctl grant and isoctl revoke. */

#include "sandbox/flows/server.h"

/* Adds a peer, which is as in ConnectTo=. Returns 0 or -errno, reported. */
int grants_add(Server *s, const char *text, Report *report);

/* Removes a peer that was added, which is HOST:PORT[/udp], and ends its flows. Returns 0 or -errno, reported. */
int grants_remove(Server *s, const char *text, Report *report);

/* Whether the peer was added, and not removed. */
bool grants_has(const Server *s, const PlanPeer *peer);
