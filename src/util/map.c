/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/map.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/macro.h"

/* FNV-1a (draft-eastlake-fnv). */
static size_t hash(const char *key) {
        uint64_t h = 14695981039346656037u;

        for (; *key; key++)
                h = (h ^ (unsigned char) *key) * 1099511628211u;
        return (size_t) (h ^ (h >> 32));
}

/* The entry of a key, or the free one where it belongs. There always is a free one. */
static MapEntry *find(const Map *map, const char *key, size_t h) {
        for (size_t i = h;; i++) {
                MapEntry *e = &map->entries[i & (map->room - 1)];

                if (!e->key || (e->hash == h && streq(e->key, key)))
                        return e;
        }
}

void *map_get(const Map *map, const char *key) {
        return map->room > 0 ? find(map, key, hash(key))->value : NULL;
}

static int grow(Map *map) {
        Map larger = { .n = map->n, .room = map->room ? map->room * 2 : 64 };

        larger.entries = calloc(larger.room, sizeof(MapEntry));
        if (!larger.entries)
                return -ENOMEM;
        for (MapEntry *e = map->entries; e < map->entries + map->room; e++)
                if (e->key)
                        *find(&larger, e->key, e->hash) = *e;
        free(map->entries);
        *map = larger;
        return 0;
}

int map_put(Map *map, const char *key, void *value) {
        size_t h = hash(key);

        if (map->n * 2 >= map->room && grow(map) < 0)
                return -ENOMEM;
        *find(map, key, h) = (MapEntry) { key, value, h };
        map->n++;
        return 0;
}

void map_deinit(Map *map) {
        free(map->entries);
        *map = (Map) {};
}
