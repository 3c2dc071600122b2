/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/permit/grain.h"

#include <limits.h>
#include <stdio.h>

#include "plan/root/secrets.h"
#include "util/array.h"
#include "util/path.h"

/* The next character of text and rest together. */
static char next(const char **text, const char **rest) {
        if (*text && **text)
                return *(*text)++;
        return *rest && **rest ? *(*rest)++ : '\0';
}

bool grain_same_text(const Grain *a, const Grain *b) {
        const char *a_text = a->text, *a_rest = a->rest, *b_text = b->text, *b_rest = b->rest;
        char c;

        do {
                c = next(&a_text, &a_rest);
                if (c != next(&b_text, &b_rest))
                        return false;
        } while (c);
        return true;
}

static bool numbers_within(const Grain *inner, const Grain *outer) {
        for (size_t i = 0; i < GRAIN_NUMBERS; i++)
                if (inner->most[i] > outer->most[i])
                        return false;
        return true;
}

bool grain_within(const Grain *inner, const Grain *outer) {
        if (inner->level != outer->level)
                return inner->level < outer->level;
        if (inner->clash)
                return true;
        return !outer->clash && grain_same_text(inner, outer) && !(inner->bits & ~outer->bits) &&
               numbers_within(inner, outer);
}

static Grain clash_of(const Grain *a, const Grain *b) {
        Grain clash = a->clash ? *a : b->clash ? *b : *a;

        if (!a->clash && !b->clash)
                clash.lost = b->from;
        clash.clash = true;
        clash.text = clash.rest = NULL;
        clash.bits = 0;
        clash.mode = 0;
        memset(clash.most, 0, sizeof(clash.most));
        return clash;
}

Grain grain_meet(const Grain *a, const Grain *b) {
        Grain meet = *a;

        if (a->level == b->level && (a->clash || b->clash || !grain_same_text(a, b)))
                return clash_of(a, b);
        if (grain_within(a, b) || grain_within(b, a)) {
                const bool first = grain_within(a, b);

                meet = first ? *a : *b;
                if (!grain_within(first ? b : a, first ? a : b))
                        meet.lost = (first ? b : a)->from;
        } else {
                meet.lost = b->from;
                meet.bits &= b->bits;
                for (size_t i = 0; i < GRAIN_NUMBERS; i++)
                        meet.most[i] = b->most[i] < meet.most[i] ? b->most[i] : meet.most[i];
        }
        meet.mode = a->level == b->level ? a->mode & b->mode : meet.mode;
        return meet;
}

Grain *facet_add(Facet *facet, const char *key, unsigned level) {
        Grain *g = ARRAY_APPEND(facet->items, facet->n);

        if (g)
                *g = (Grain) { .key = key, .level = level };
        return g;
}

void facet_sort(Facet *facet) {
        size_t n = 0;

        path_sort(facet->items, facet->n, sizeof(Grain));
        for (size_t i = 0; i < facet->n; i++)
                if (n > 0 && streq(facet->items[n - 1].key, facet->items[i].key))
                        facet->items[n - 1] = grain_meet(&facet->items[n - 1], &facet->items[i]);
                else
                        facet->items[n++] = facet->items[i];
        facet->n = n;
}

void facet_replace_sorted(Facet *facet) {
        Grain last = facet->items[facet->n - 1];
        size_t i = facet->n - 1;

        while (i > 0 && strcmp(facet->items[i - 1].key, last.key) > 0) {
                facet->items[i] = facet->items[i - 1];
                i--;
        }
        if (i > 0 && streq(facet->items[i - 1].key, last.key)) {
                memmove(&facet->items[i], &facet->items[i + 1], (facet->n - 1 - i) * sizeof(Grain));
                facet->n--;
                i--;
        }
        facet->items[i] = last;
}

static int compare_key(const void *key, const void *grain) {
        return strcmp(key, ((const Grain *) grain)->key);
}

static const Grain *find_key(const Facet *facet, const char *key) {
        return facet->n > 0 ? bsearch(key, facet->items, facet->n, sizeof(Grain), compare_key) : NULL;
}

enum { PREFIX_MAX = 130 };

static const Grain *longest_prefix(const Facet *facet, const char *key) {
        size_t n = strnlen(key, PREFIX_MAX - 1);
        char prefix[PREFIX_MAX];

        memcpy(prefix, key, n);
        for (;; n--) {
                const Grain *g;

                prefix[n] = '\0';
                g = find_key(facet, prefix);
                if (g || n == 0)
                        return g;
        }
}

/* A secret in a volume is hidden, unless the volume itself is one. If memory runs out, it counts as hidden. */
static bool is_hidden_secret(const char *volume, const char *rest) {
        char path[PATH_MAX];

        return (size_t) snprintf(path, sizeof(path), "%s%s", volume, rest) >= sizeof(path) ||
               (secrets_contain(path) != 0 && secrets_contain(volume) <= 0);
}

/* The place that is below the one of the grain. */
static void go_below(Grain *g, const char *rest) {
        if (!g->text || g->clash)
                return;
        g->rest = rest;
        if (g->bits & PLACE_NAMED && is_hidden_secret(g->text, rest))
                g->bits &= ~(uint64_t) PLACE_NAMED;
}

Grain facet_get(const Facet *facet, const char *key) {
        const Grain *g = NULL;
        Grain found;

        if ((facet->near == NEAR_PATH || facet->near == NEAR_PLACE) && key[0] == '/')
                g = path_find_above(facet->items, facet->n, sizeof(Grain), key, false);
        else if (facet->near == NEAR_PREFIX)
                g = longest_prefix(facet, key);
        else
                g = find_key(facet, key);
        found = g ? *g : facet->other;
        if (g && facet->near == NEAR_PLACE && !streq(g->key, key))
                go_below(&found, key + (streq(g->key, "/") ? 0 : strlen(g->key)));
        return found;
}

int facet_visit(const Facet *a, const Facet *b, FacetVisit visit, void *userdata) {
        int r = 0;

        for (size_t i = 0, j = 0; r == 0 && (i < a->n || j < b->n);) {
                int order = i == a->n ? 1 : j == b->n ? -1 : strcmp(a->items[i].key, b->items[j].key);
                const char *key = order <= 0 ? a->items[i].key : b->items[j].key;
                Grain of_a = order <= 0 ? a->items[i] : facet_get(a, key);
                Grain of_b = order >= 0 ? b->items[j] : facet_get(b, key);

                r = visit(userdata, key, &of_a, &of_b);
                i += order <= 0;
                j += order >= 0;
        }
        return r == 0 && a->near == NEAR_OTHER ? visit(userdata, NULL, &a->other, &b->other) : r;
}
