/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Ids that an administrator has set aside for a user: subuid(5), subgid(5). */
typedef struct IdRange {
        uint32_t first, count;
} IdRange;

/* A world has as many ids as a usual system uses. */
enum { WORLD_IDS = 65536 };

/* Looks for the subordinate ids of a user, by libsubid, which is loaded for this: of his ranges the first that has
 * WORLD_IDS ids, and no more than these of it; else the largest; where there is none, one of 0 ids. Returns 0; -ELIBACC:
 * there is no libsubid; -EIO: it failed. */
int subordinate_find(uid_t owner, IdRange *ret_uids, IdRange *ret_gids);
