/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Maps of a user namespace's ids to those of its parent: user_namespaces(7), /proc/PID/uid_map. */

#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

typedef struct IdMapEntry {
        uint32_t inside, outside, count;
} IdMapEntry;

typedef struct IdMap {
        IdMapEntry *items;
        size_t n; /* 0: there is no such map */
} IdMap;

/* Appends an entry. Returns 0 or -ENOMEM. */
int id_map_add(IdMap *map, uint32_t inside, uint32_t outside, uint32_t count);

/* Reads what the kernel shows, a line for each entry. *ret is filled on success only. Returns 0, -ENOMEM, or -EINVAL
 * for another text. */
int id_map_parse(const char *text, IdMap *ret);

/* "INSIDE OUTSIDE COUNT" for each entry, with separator between two ("\n" for the kernel), on the heap. NULL when memory
 * runs out. */
char *id_map_format(const IdMap *map, const char *separator);

void id_map_deinit(IdMap *map);
