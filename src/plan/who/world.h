/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* PrivateUsers=full: the payload is uid 0 of a world of its own. */
bool build_is_world(const Policy *policy);

/* Whether namespaces and mounts are meant to be made inside: there, or with Nesting=yes. */
bool build_nests(const Policy *policy);

/* Whether the policy has said nothing of a directive that would keep a payload from using its own world: then what is
 * built in for the others does not hold. */
bool build_lifts(const Policy *policy, DirectiveId id);

/* The caller's subordinate ids. */
typedef struct BuildRanges {
        IdRange uids, gids;
        char why[256];
} BuildRanges;

/* Finds them, and fills in the plan's helpers. Returns NULL, or why they cannot be had, for people, which lives as long
 * as ranges. */
const char *build_ranges(Builder *b, BuildRanges *ranges);

/* Has the environment say that the payload is root. */
int build_name_root(Builder *b);

/* The id maps of such a world, and the ids in it. */
int build_world_maps(Builder *b);
int build_world_ids(Builder *b);
