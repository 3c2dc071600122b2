/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Peers that are added and removed while the instance runs: GrantPeers=, isoctl grant and isoctl revoke. */

#include "sandbox/flows/server.h"

/* Adds a peer, which is as in ConnectTo=. Call it only if no grant waits (s->grant.peer). Returns 0, 1 if done() will
 * be called with asker, or -errno, reported. */
int grants_add(Server *s, const char *text, GrantDone done, uint64_t asker, Report *report);

/* The Watch.ready of s->from_maker. */
void grants_answered(Server *s, Watch *w, uint32_t events);

/* Ends a grant that has waited too long. */
void grants_expire(Server *s);

/* Removes a peer that was added, which is HOST:PORT[/udp], and ends its flows. Returns 0 or -errno, reported. */
int grants_remove(Server *s, const char *text, Report *report);

/* Whether the peer was added, and not removed. */
bool grants_has(const Server *s, const PlanPeer *peer);
