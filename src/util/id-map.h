/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An id map maps the ids of a user namespace to ids of its parent: user_namespaces(7), /proc/PID/uid_map. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

typedef struct IdMapEntry {
        uint32_t inside, outside, count;
} IdMapEntry;

typedef struct IdMap {
        IdMapEntry *items;
        size_t n; /* 0: the map is not set */
} IdMap;

/* Appends an entry. Returns 0 or -ENOMEM. */
int id_map_add(IdMap *map, uint32_t inside, uint32_t outside, uint32_t count);

/* Parses the kernel's format, one entry a line. Fills *ret only on success. Returns 0, -ENOMEM, or -EINVAL if the text
 * is not an id map. */
int id_map_parse(const char *text, IdMap *ret);

/* Writes "INSIDE OUTSIDE COUNT" into ret, and returns it. */
enum { ID_MAP_ENTRY_ROOM = sizeof("4294967295 4294967295 4294967295") };
const char *id_map_entry_format(const IdMapEntry *e, char ret[static ID_MAP_ENTRY_ROOM]);

/* Writes "INSIDE OUTSIDE COUNT" for each entry, with the separator between them ("\n" for the kernel), on the heap.
 * NULL when memory runs out. */
char *id_map_format(const IdMap *map, const char *separator);

/* Finds the id outside for an id inside. A map that is not set maps each id to itself. Returns false if the map does
 * not have the id. */
bool id_map_find(const IdMap *map, uint64_t inside, uint64_t *ret);

void id_map_deinit(IdMap *map);
