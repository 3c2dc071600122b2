/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is at each path inside. The line closest above a path decides, so the places form a tree: a hidden place, a text
 * of the policy, memory, or a part of the host. These are the levels, from the one that permits least.
 *
 * A place of the host has its source as its text, and before it the options that make it another place: with other
 * patterns to hide, or with other mounts below, two volumes do not compare. A named volume has its name as its text, so
 * it compares only with itself. */
#include <errno.h>
#include <stdlib.h>

#include "plan/permit/base.h"
#include "plan/root/builder.h"
#include "util/array.h"
#include "util/map.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* The text of a volume: the options that make it another place, and the source. */
static const char *volume_text(PermitReader *r, const Value *v, const char *source) {
        _cleanup_strv_free_ char **patterns = strv_copy(v->words + 2);
        _cleanup_free_ char *hidden = NULL;

        if (!v->words[2] && !(v->number & (BIND_NO_RECURSE | BIND_IDMAP)))
                return source;
        if (!patterns && v->words[2])
                return NULL;
        path_sort(patterns, strv_length(patterns), sizeof(char *));
        hidden = strv_join(patterns, ",");
        return hidden ? permit_keep(r, format("%s%s%s:%s", v->number & BIND_NO_RECURSE ? "norbind," : "",
                                              v->number & BIND_IDMAP ? "idmap," : "", hidden, source))
                      : NULL;
}

static uint64_t volume_bits(const Value *v, const char *text) {
        uint64_t bits = v->number & BIND_READ_ONLY ? 0
                        : v->number & BIND_OVERLAY ? PLACE_KEEP
                                                   : PLACE_KEEP | PLACE_WRITE;

        return bits | (v->number & BIND_NO_EXEC ? 0 : PLACE_EXECUTE) | (v->number & BIND_DEVICES ? PLACE_DEVICES : 0) |
               (v->optional ? PLACE_OPTIONAL : 0) | (permit_is_system(text) ? 0 : PLACE_NAMED);
}

/* The memory of an overlay, or of a directory in memory. */
static void set_size(Grain *g, Size size, uint64_t inodes) {
        if (size.number == 0)
                size = TMPFS_SIZE;
        g->most[0] = size.relative ? UINT64_MAX : size.number;
        g->most[1] = size.relative ? size.number : UINT64_MAX;
        g->most[2] = inodes ?: UINT64_MAX;
}

/* These make the grain of a line. Each returns 0 or -ENOMEM. */

static int make_volume(PermitReader *r, const Setting *s, Grain *g) {
        const Value *v = &s->value;
        const char *source = permit_source(r, v->words[0]);

        g->key = v->words[1];
        g->level = PLACE_HOST;
        g->text = source ? volume_text(r, v, source) : NULL;
        if (!g->text)
                return -ENOMEM;
        g->bits = volume_bits(v, g->text);
        if (g->bits & PLACE_KEEP)
                set_size(g, g->bits & PLACE_WRITE ? (Size) { .number = UINT64_MAX } : v->size, 0);
        if (g->bits & PLACE_WRITE)
                g->most[1] = UINT64_MAX;
        return 0;
}

static void take_memory_option(Grain *g, const char *option) {
        const char *mode = startswith(option, "mode=");

        if (mode)
                g->mode = (mode_t) strtoul(mode, NULL, 8);
        else if (streq(option, "ro"))
                g->bits &= ~(uint64_t) (PLACE_WRITE | PLACE_KEEP);
        else if (streq(option, "rw"))
                g->bits |= PLACE_WRITE | PLACE_KEEP;
        else
                g->bits = streq(option, "exec") ? g->bits | PLACE_EXECUTE : g->bits & ~(uint64_t) PLACE_EXECUTE;
}

static int make_memory(_unused_ PermitReader *r, const Setting *s, Grain *g) {
        g->key = s->value.words[0];
        g->level = PLACE_MEMORY;
        g->bits = PLACE_MEMORY_BITS;
        g->mode = 0755;
        for (char **o = s->value.words + 1; *o; o++)
                take_memory_option(g, *o);
        set_size(g, s->value.size, s->value.number);
        return 0;
}

/* File= and Symlink=. */
static int make_text(PermitReader *r, const Setting *s, Grain *g) {
        g->key = s->value.words[0];
        g->level = PLACE_TEXT;
        g->text = permit_keep(r, format("%s:%s", directive_table[g->id].name, s->value.words[1]));
        return g->text ? 0 : -ENOMEM;
}

static int make_hidden(_unused_ PermitReader *r, const Setting *s, Grain *g) {
        g->key = s->value.text;
        g->bits = s->value.optional ? PLACE_OPTIONAL : 0;
        return 0;
}

/* A line replaces what every instance has at its path. seen: the index of each path, plus 1. */
static int put(Facet *facet, Map *seen, const Grain *g) {
        uintptr_t index = (uintptr_t) map_get(seen, g->key);
        Grain *slot = index ? &facet->items[index - 1] : NULL;

        if (!slot) {
                slot = ARRAY_APPEND(facet->items, facet->n);
                if (!slot || map_put(seen, g->key, (void *) (uintptr_t) facet->n) < 0)
                        return -ENOMEM;
        }
        *slot = *g;
        return 0;
}

static int put_lines(PermitReader *r, Map *seen, DirectiveId id,
                     int (*make)(PermitReader *r, const Setting *s, Grain *g)) {
        const SettingList *list = permit_list(r, id);

        for (size_t i = 0; i < list->n; i++) {
                Grain g = { .id = id, .from = &list->items[i] };

                if (make(r, &list->items[i], &g) < 0 || put(&r->permit->facets[D_Volume], seen, &g) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* What ReadOnlyPaths= leaves of the place at its path. The working directory of "./PATH" is not known, so such a path
 * compares only with itself. */
static int make_read_only(PermitReader *r, const Setting *s, Grain *g) {
        *g = facet_get(&r->permit->facets[D_Volume], s->value.text);
        if (s->value.text[0] != '/')
                *g = (Grain) { .level = PLACE_HIDDEN };
        g->key = s->value.text;
        g->id = D_ReadOnlyPaths;
        g->from = s;
        if (g->rest) {
                g->text = permit_keep(r, format("%s%s", g->text, g->rest));
                g->rest = NULL;
                if (!g->text)
                        return -ENOMEM;
        }
        g->bits &= ~(uint64_t) (PLACE_WRITE | PLACE_KEEP);
        g->bits |= s->value.optional ? PLACE_OPTIONAL : 0;
        if (g->level == PLACE_HOST)
                memset(g->most, 0, sizeof(g->most));
        return 0;
}

/* The memory of every instance below the path becomes read-only, too. */
static void protect_memory(Facet *facet, const char *path) {
        for (Grain *g = facet->items; g < facet->items + facet->n; g++)
                if (!g->from && g->level == PLACE_MEMORY && path_is_below(g->key, path))
                        g->bits &= ~(uint64_t) (PLACE_WRITE | PLACE_KEEP);
}

static int add_read_only(PermitReader *r) {
        const SettingList *list = permit_list(r, D_ReadOnlyPaths);
        _cleanup_free_ Grain *grains = NULL;
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++)
                protect_memory(&r->permit->facets[D_Volume], list->items[i].value.text);
        for (size_t i = 0; i < list->n; i++) {
                Grain *g = ARRAY_APPEND(grains, n);

                if (!g || make_read_only(r, &list->items[i], g) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++) {
                Facet *facet = &r->permit->facets[D_Volume];
                Grain *g = ARRAY_APPEND(facet->items, facet->n);

                if (!g)
                        return -ENOMEM;
                *g = grains[i];
        }
        facet_sort(&r->permit->facets[D_Volume]);
        return 0;
}

int permit_read_places(PermitReader *r, DirectiveId id) {
        static const struct {
                DirectiveId id;
                int (*make)(PermitReader *r, const Setting *s, Grain *g);
        } lines[] = {
                { D_TemporaryFileSystem, make_memory }, { D_BindPaths, make_volume },
                { D_BindReadOnlyPaths, make_volume },   { D_Volume, make_volume },
                { D_File, make_text },                  { D_Symlink, make_text },
                { D_InaccessiblePaths, make_hidden },
        };
        _cleanup_(map_deinit) Map seen = {};
        Facet *facet = &r->permit->facets[id];
        int q = permit_add_base(r);

        *facet = (Facet) { .items = facet->items, .n = facet->n, .near = NEAR_PLACE, .other.level = PLACE_ANY };
        for (size_t i = 0; q >= 0 && i < facet->n; i++)
                q = map_put(&seen, facet->items[i].key, (void *) (uintptr_t) (i + 1));
        for (size_t i = 0; q >= 0 && i < ELEMENTSOF(lines); i++)
                q = put_lines(r, &seen, lines[i].id, lines[i].make);
        if (q < 0)
                return q;
        facet_sort(facet);
        return add_read_only(r);
}

/* Of all roots, only the host's and RootDirectory=none compare: in an empty root, everything comes from lines, and the
 * host's root has the same files. The command and BindLibraries= also come from the host's root. */
int permit_read_root(PermitReader *r, DirectiveId id) {
        const Setting *s = policy_get(r->policy, id);
        const Value *v = &s->value;
        const char *text = v->words[1] || v->number == ROOT_IMAGE ? v->text : permit_source(r, v->words[0]);
        Grain *g = text ? permit_add(r, id, "", 0, id, s) : NULL;

        if (!g)
                return -ENOMEM;
        g->text = v->number == ROOT_NONE ? "" : text;
        g->most[0] = v->number != ROOT_NONE;
        return 0;
}

int permit_read_credentials(PermitReader *r, DirectiveId id) {
        static const struct {
                DirectiveId id;
                unsigned level;
        } kinds[] = { { D_SetCredential, PLACE_TEXT }, { D_LoadCredential, PLACE_HOST } };

        for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                for (size_t i = 0; i < permit_list(r, kinds[k].id)->n; i++) {
                        const Setting *s = &permit_list(r, kinds[k].id)->items[i];
                        Grain *g = permit_add(r, id, s->value.words[0], kinds[k].level, kinds[k].id, s);

                        if (!g)
                                return -ENOMEM;
                        g->text = kinds[k].level == PLACE_HOST ? permit_source(r, s->value.words[1])
                                                               : s->value.words[1];
                        if (!g->text)
                                return -ENOMEM;
                }
        facet_sort(&r->permit->facets[id]);
        return 0;
}

/* Whether the payload can write at the path or below it. */
static bool is_writable(const Facet *places, const char *path) {
        if (facet_get(places, path).bits & PLACE_KEEP)
                return true;
        for (size_t i = 0; i < places->n; i++)
                if (places->items[i].bits & PLACE_KEEP && path_is_below(places->items[i].key, path))
                        return true;
        return false;
}

/* With MemoryDenyWriteExecute=, places that the payload can write are executable only below a path of ExecPaths=. So a
 * policy without it permits as much everywhere as such a path does. */
int permit_read_exec(PermitReader *r, DirectiveId id) {
        static const DirectiveId ids[] = { D_NoExecPaths, D_ExecPaths };
        const bool denies = policy_is_true(r->policy, D_MemoryDenyWriteExecute);
        Facet *facet = &r->permit->facets[id];
        bool root = false;

        facet->near = NEAR_PATH;
        for (size_t k = 0; k < ELEMENTSOF(ids); k++)
                for (size_t i = 0; i < permit_list(r, ids[k])->n; i++) {
                        const Setting *s = &permit_list(r, ids[k])->items[i];
                        unsigned level = denies && !is_writable(&r->permit->facets[D_Volume], s->value.text)
                                                 ? EXEC_READ_ONLY
                                                 : EXEC_YES;

                        root = root || streq(s->value.text, "/");
                        if (!permit_add(r, id, s->value.text, ids[k] == D_ExecPaths ? level : EXEC_NO, ids[k], s))
                                return -ENOMEM;
                }
        if (!root && !permit_add(r, id, "/", denies ? EXEC_READ_ONLY : EXEC_YES, D_MemoryDenyWriteExecute,
                                 policy_get(r->policy, D_MemoryDenyWriteExecute)))
                return -ENOMEM;
        facet_sort(facet);
        return 0;
}

int permit_read_grants(PermitReader *r, DirectiveId id) {
        const SettingList *list = permit_list(r, id);

        for (size_t i = 0; i < list->n; i++) {
                Grain *g = permit_add(r, id, list->items[i].value.text, 1, id, &list->items[i]);

                if (!g)
                        return -ENOMEM;
                g->bits = list->items[i].value.number & BIND_READ_ONLY ? 0 : PLACE_WRITE;
        }
        facet_sort(&r->permit->facets[id]);
        return 0;
}
