/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Search domains: resolv.conf(5). A program that looks up "db" finds db.example.org if the host has "search
 * example.org". Inside, it does so, too, if a peer is in that domain. But it is the name server that adds the domain,
 * to names without a dot: resolvers add it to all names that do not exist, and a pattern would match what comes of
 * that. */

#include "plan/plan.h"

/* Finds the domains of the host that have a peer. text is that of its resolv.conf, and is changed. The caller frees
 * *ret with strv_free(). Returns 0 or -ENOMEM. */
int search_find(const Plan *plan, char *text, char ***ret);
