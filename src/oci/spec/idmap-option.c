/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* idmap=uids=FILE-HOST-SIZE#…;gids=…: how podman writes the option "idmap" of a volume, for crun. */
#include <errno.h>

#include "oci/spec/parts.h"
#include "util/parse.h"

/* The next word of *text up to the separator; *text is NULL behind the last one. */
static char *next_word(char **text, const char *separator) {
        return *text ? strsep(text, separator) : NULL;
}

/* All ids of the range are in one entry: those behind its end need not be the container's. */
static bool find_range(const IdMap *container, uint64_t first, uint64_t count, uint64_t *ret) {
        for (size_t i = 0; i < container->n; i++) {
                const IdMapEntry *e = &container->items[i];

                if (first >= e->inside && first - e->inside < e->count && count <= e->count - (first - e->inside)) {
                        *ret = e->outside + (first - e->inside);
                        return true;
                }
        }
        return false;
}

/* "@" before it: HOST is an id of the container. */
static int read_range(const Place *p, char *text, const IdMap *container, IdMap *ret) {
        const char *option = json_string_value(p->value);
        const bool relative = *text == '@';
        char *rest = text + relative, *words[3];
        uint64_t n[3];

        for (size_t i = 0; i < 3; i++) {
                words[i] = next_word(&rest, "-");
                if (!words[i] || parse_u64_range(words[i], i == 2, UINT32_MAX, &n[i]) < 0)
                        return place_error(p, EINVAL, "not a range of ids, FILE-HOST-SIZE: %s", option);
        }
        if (rest)
                return place_error(p, EINVAL, "a range of ids has more than three numbers: %s", option);
        if (relative && !find_range(container, n[1], n[2], &n[1]))
                return place_error(p, EINVAL, "the container does not have the ids @%s to @%llu in one entry of its "
                                   "map", words[1], (unsigned long long) (n[1] + n[2] - 1));
        return id_map_add(ret, (uint32_t) n[0], (uint32_t) n[1], (uint32_t) n[2]) < 0 ? report_oom(p->report) : 0;
}

static int read_part(const Place *p, char *part, const Spec *spec, SpecMount *ret) {
        const bool users = strncmp(part, "uids=", 5) == 0;
        const IdMap *container = users ? &spec->uid_map : &spec->gid_map;
        char *ranges = part + 5, *range;
        int r = 0;

        if (!users && strncmp(part, "gids=", 5) != 0)
                return place_error(p, EINVAL, "idmap= takes uids= and gids=, not \"%s\"", part);
        while (r >= 0 && (range = next_word(&ranges, "#")))
                r = read_range(p, range, container, users ? &ret->uid_map : &ret->gid_map);
        return r;
}

int idmap_option_read(const Place *p, const char *value, const Spec *spec, SpecMount *ret) {
        _cleanup_free_ char *copy = strdup(value);
        char *rest = copy, *part;
        int r = copy ? 0 : report_oom(p->report);

        while (r >= 0 && (part = next_word(&rest, ";")))
                r = read_part(p, part, spec, ret);
        return r;
}
