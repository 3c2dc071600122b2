/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Ids that an administrator has assigned to a user: subuid(5), subgid(5). */
typedef struct IdRange {
        uint32_t first, count;
} IdRange;

/* The size of a private range of user ids: as many ids as a normal system uses. */
enum { PRIVATE_IDS = 65536 };

/* Finds the subordinate ids of a user with libsubid, which it loads. Uses the first range with at least PRIVATE_IDS
 * ids, and only PRIVATE_IDS of them. If there is no such range, uses the largest; if there is no range at all, count is
 * 0. Returns 0, -ELIBACC if libsubid is not installed, or -EIO if it fails. */
int subordinate_find(uid_t owner, IdRange *ret_uids, IdRange *ret_gids);
