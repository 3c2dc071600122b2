/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/id-map.h"

#include <errno.h>
#include <stdio.h>

#include "util/array.h"
#include "util/text.h"

int id_map_add(IdMap *map, uint32_t inside, uint32_t outside, uint32_t count) {
        IdMapEntry *entry = ARRAY_APPEND(map->items, map->n);

        if (!entry)
                return -ENOMEM;
        *entry = (IdMapEntry) { inside, outside, count };
        return 0;
}

int id_map_parse(const char *text, IdMap *ret) {
        _cleanup_(id_map_deinit) IdMap map = {};

        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                IdMapEntry e;

                if (sscanf(line, "%u %u %u", &e.inside, &e.outside, &e.count) != 3)
                        return -EINVAL;
                if (id_map_add(&map, e.inside, e.outside, e.count) < 0)
                        return -ENOMEM;
        }
        *ret = map;
        map = (IdMap) {};
        return 0;
}

bool id_map_find(const IdMap *map, uint64_t inside, uint64_t *ret) {
        if (map->n == 0) {
                *ret = inside;
                return true;
        }
        for (size_t i = 0; i < map->n; i++) {
                const IdMapEntry *e = &map->items[i];

                if (inside >= e->inside && inside - e->inside < e->count) {
                        *ret = e->outside + (inside - e->inside);
                        return true;
                }
        }
        return false;
}

const char *id_map_entry_format(const IdMapEntry *e, char ret[static ID_MAP_ENTRY_ROOM]) {
        snprintf(ret, ID_MAP_ENTRY_ROOM, "%u %u %u", e->inside, e->outside, e->count);
        return ret;
}

char *id_map_format(const IdMap *map, const char *separator) {
        _cleanup_text_ Text text = {};

        for (size_t i = 0; i < map->n; i++) {
                char entry[ID_MAP_ENTRY_ROOM];

                text_add(&text, i ? separator : "");
                text_add(&text, id_map_entry_format(&map->items[i], entry));
        }
        return text_finish(&text);
}

void id_map_deinit(IdMap *map) {
        free(map->items);
        *map = (IdMap) {};
}
