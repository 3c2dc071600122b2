/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* PrivateUsers=full: the payload has a private range of user ids. */
bool build_has_private_ids(const Policy *policy);

/* PrivateUsers=subordinate: inside, root is the caller, and the other ids are the caller's subordinate ids. */
bool build_has_subordinate_ids(const Policy *policy);

/* Whether the payload is expected to make namespaces and mounts: with Nesting=yes or a private range of user ids. */
bool build_nests(const Policy *policy);

/* Whether the default of a directive does not apply, because it would prevent the payload from using its private range
 * of user ids. It applies if the policy sets it. */
bool build_lifts_default(const Policy *policy, DirectiveId id);

/* The caller's subordinate ids, and a message if they cannot be used. */
typedef struct BuildRanges {
        IdRange uids, gids;
        char why[256];
} BuildRanges;

/* Finds the ranges of the host's user, and sets the plan's helpers. Returns NULL, or a message with the reason why the
 * ranges cannot be used. The message is valid as long as ranges. */
const char *build_ranges(const Host *host, Plan *plan, BuildRanges *ranges);

/* Sets the user of the payload's environment to root. */
int build_name_root(Builder *b);

/* These plan the id maps of a private range, and the payload's ids in it. */
int build_private_maps(Builder *b);
int build_private_ids(Builder *b);

/* The same for PrivateUsers=subordinate. */
int build_subordinate_maps(Builder *b);
int build_subordinate_ids(Builder *b);

/* A map of ids from 0 on: the caller's own, and then the range. range may be NULL. Returns 0 or -ENOMEM. */
int build_map_from_own(uint32_t own, const IdRange *range, IdMap *ret);
