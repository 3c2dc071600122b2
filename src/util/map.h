/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Finds values by a text, in the same time however many there are. Keys and values are borrowed. */
typedef struct Map {
        struct MapEntry *entries;
        size_t n, room; /* room: 0, or a power of two */
} Map;

typedef struct MapEntry {
        const char *key; /* NULL: free */
        void *value;
        size_t hash;
} MapEntry;

/* The value, or NULL. */
void *map_get(const Map *map, const char *key);

/* Adds a key that is not in the map. Returns 0 or -ENOMEM. */
int map_put(Map *map, const char *key, void *value);

void map_deinit(Map *map);
