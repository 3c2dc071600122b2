/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the lines that make of the places that every instance has those of a permit. Parents come first. A place
 * that no line can describe is hidden. */
#include <errno.h>
#include <inttypes.h>

#include "plan/permit/base.h"
#include "plan/permit/write.h"
#include "util/array.h"
#include "util/path.h"
#include "util/word.h"

/* Each place is looked up among those before it. */
enum { PLACES_MAX = 4000 };

static void write_path(PermitWriter *w, DirectiveId id, const char *path, bool optional) {
        FILE *f = permit_line(w, id);

        fputs(optional ? "-" : "", f);
        word_write(f, path, WORD_PERCENT);
        fputc('\n', f);
}

static void write_hidden(PermitWriter *w, const Grain *g) {
        write_path(w, D_InaccessiblePaths, g->key, g->level == PLACE_HIDDEN && g->bits & PLACE_OPTIONAL);
}

static void write_read_only(PermitWriter *w, const Grain *g) {
        write_path(w, D_ReadOnlyPaths, g->key, g->bits & PLACE_OPTIONAL);
}

static int write_text(PermitWriter *w, const Grain *g) {
        const char *file = startswith(g->text, "File:"), *link = startswith(g->text, "Symlink:");
        FILE *f = file || link ? permit_line(w, file ? D_File : D_Symlink) : NULL;

        if (!f) {
                write_hidden(w, g);
                return 0;
        }
        literal_write(f, g->key, true);
        fputc(':', f);
        literal_write(f, file ?: link, link);
        fputc('\n', f);
        return 0;
}

/* Writes the option "size=". Returns false if a share and a number would have to hold together. */
static bool write_size(FILE *f, const Grain *g) {
        if (g->most[1] == UINT64_MAX)
                fprintf(f, ",size=%" PRIu64, g->most[0]);
        else
                fprintf(f, ",size=%" PRIu64 "%%%%", g->most[1]);
        return g->most[0] == UINT64_MAX || g->most[1] == UINT64_MAX;
}

static int bad_size(PermitWriter *w, const Grain *g) {
        return report_error_at(w->report, g->from ? g->from->origin : (Origin) {}, directive_table[D_Volume].name,
                               EINVAL, "%s: one policy has a size in percent there, the other in bytes", g->key);
}

static int write_memory(PermitWriter *w, const Grain *g) {
        FILE *f = permit_line(w, D_TemporaryFileSystem);
        bool good;

        literal_write(f, g->key, true);
        fprintf(f, ":mode=%o%s%s", g->mode == 07777 ? 01777 : g->mode, g->bits & PLACE_WRITE ? "" : ",ro",
                g->bits & PLACE_EXECUTE ? "" : ",noexec");
        good = write_size(f, g);
        if (g->most[2] != UINT64_MAX)
                fprintf(f, ",nr_inodes=%" PRIu64, g->most[2]);
        fputc('\n', f);
        return good ? 0 : bad_size(w, g);
}

/* Splits the text of a place into options and source. Returns false if the source is a part of a named volume, or not a
 * volume at all. */
static bool split_text(const char *text, int *options, const char **source) {
        const char *colon = text[0] == '/' ? NULL : strchr(text, ':');

        *options = colon ? (int) (colon - text) : 0;
        *source = colon ? colon + 1 : text;
        if (!**source)
                *source = "/";
        return **source == '/' || !strchr(*source, '/');
}

static int write_volume(PermitWriter *w, const Grain *g, int options, const char *source) {
        const bool writes = g->bits & PLACE_WRITE, keeps = g->bits & PLACE_KEEP;
        FILE *f = permit_line(w, D_Volume);
        bool good = true;

        fputs(g->bits & PLACE_OPTIONAL ? "?" : "", f);
        literal_write(f, source, true);
        fputc(':', f);
        literal_write(f, g->key, true);
        fprintf(f, ":%s%s%s", writes ? "rw" : keeps ? "overlay" : "ro", g->bits & PLACE_EXECUTE ? "" : ",noexec",
                g->bits & PLACE_DEVICES ? ",dev" : "");
        if (options > 0)
                fprintf(f, ",%.*s", options - (g->text[options - 1] == ','), g->text);
        if (keeps && !writes)
                good = write_size(f, g);
        fputc('\n', f);
        return good ? 0 : bad_size(w, g);
}

/* The host's part at a place that is already such a part, or a volume, or nothing. */
static int write_host(PermitWriter *w, const Grain *g, const Grain *now) {
        const uint64_t lost = now->bits & ~g->bits & ~(uint64_t) PLACE_OPTIONAL;
        const bool same = now->level == g->level && grain_same_text(now, g);
        const char *source;
        int options;

        if (same && !(lost & ~(uint64_t) (PLACE_WRITE | PLACE_KEEP)) && !(g->bits & PLACE_KEEP) &&
            !(g->bits & ~now->bits & ~(uint64_t) PLACE_OPTIONAL)) {
                write_read_only(w, g);
                return 0;
        }
        if (!split_text(g->text, &options, &source) || (!(g->bits & PLACE_NAMED) && !permit_is_system(source))) {
                write_hidden(w, g);
                return 0;
        }
        return write_volume(w, g, options, source);
}

static int write_place(PermitWriter *w, const Grain *g, const Grain *now) {
        switch (g->level) {
        case PLACE_HIDDEN:
                if (g->key[0] == '/')
                        write_hidden(w, g);
                else
                        write_read_only(w, g);
                return 0;
        case PLACE_TEXT:
                return write_text(w, g);
        case PLACE_MEMORY:
                return write_memory(w, g);
        case PLACE_HOST:
                return write_host(w, g, now);
        }
        return 0;
}

int permit_write_places(PermitWriter *w, const Facet *base) {
        const Facet *wanted = &w->permit->facets[D_Volume];
        Facet now = { .near = base->near, .other = base->other };
        int r = 0;

        if (wanted->n > PLACES_MAX)
                return report_error(w->report, E2BIG, "the policies have more than %d places", PLACES_MAX);
        for (size_t i = 0; r >= 0 && i < base->n; i++) {
                Grain *g = ARRAY_APPEND(now.items, now.n);

                if (g)
                        *g = base->items[i];
                else
                        r = -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < wanted->n; i++) {
                Grain there = facet_get(&now, wanted->items[i].key), *g;

                if (grain_within(&there, &wanted->items[i]) && grain_within(&wanted->items[i], &there))
                        continue;
                r = write_place(w, &wanted->items[i], &there);
                g = r < 0 ? NULL : ARRAY_APPEND(now.items, now.n);
                if (!g && r >= 0)
                        r = -ENOMEM;
                if (g) {
                        *g = wanted->items[i];
                        facet_replace_sorted(&now);
                }
        }
        free(now.items);
        return r;
}

/* "No" without a line for it would be a path that permits more: MemoryDenyWriteExecute= has no word for it. */
int permit_write_exec(PermitWriter *w, const Facet *base) {
        const Facet *wanted = &w->permit->facets[D_ExecPaths];
        const unsigned above = base->items[0].level;
        Facet now = { .near = NEAR_PATH };
        int r = facet_add(&now, "/", above) ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < wanted->n; i++) {
                const Grain *g = &wanted->items[i];
                const unsigned level = facet_get(&now, g->key).level;
                const DirectiveId id = g->level == EXEC_NO || g->level < level ? D_NoExecPaths : D_ExecPaths;

                if (g->level == level)
                        continue;
                write_path(w, id, g->key, true);
                if (!facet_add(&now, g->key, id == D_NoExecPaths ? EXEC_NO : g->level))
                        r = -ENOMEM;
                else
                        facet_replace_sorted(&now);
        }
        free(now.items);
        return r;
}
