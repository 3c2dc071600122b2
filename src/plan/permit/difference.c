/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/permit/difference.h"

#include <errno.h>

#include "plan/permit/words.h"
#include "util/array.h"
#include "util/text.h"

void differences_deinit(Differences *d) {
        for (size_t i = 0; i < d->n; i++) {
                free(d->items[i].key);
                free(d->items[i].inner);
                free(d->items[i].outer);
                free(d->items[i].origin);
        }
        free(d->items);
        *d = (Differences) {};
}

/* Names of one set from one line make one row. */
static int extend(DifferenceRow *row, const char *key) {
        char *longer = format("%s %s", row->inner, key);

        if (!longer)
                return -ENOMEM;
        free(row->inner);
        row->inner = longer;
        return 0;
}

static const Setting *line_of(const Grain *inner, const Grain *outer) {
        return inner->from && inner->from->origin.file ? inner->from
               : outer->from && outer->from->origin.file ? outer->from
                                                         : NULL;
}

static const char *directive_of(DirectiveId id, const Grain *inner, const Grain *outer) {
        const Grain *g = inner->from ? inner : outer;

        return directive_table[g->from && g->id > 0 && g->id < _DIRECTIVE_MAX ? g->id : id].name;
}

static char *key_of(DirectiveId id, const char *key) {
        if (!key)
                return strdup("all others");
        return directive_table[id].order == ORDER_ADDRESSES ? permit_format_range(key) : strdup(key);
}

static int fill(DifferenceRow *row, DirectiveId id, const char *key, const Grain *inner, const Grain *outer) {
        const bool set = permit_is_set(id) && key, bits = directive_table[id].order == ORDER_BITS;
        const Setting *line = line_of(inner, outer);

        row->directive = directive_of(id, inner, outer);
        row->key = set ? strdup("") : key_of(id, key);
        row->inner = set ? strdup(key) : bits ? permit_describe_bits(id, inner, outer) : permit_describe(id, inner);
        row->outer = set || bits ? NULL : permit_describe(id, outer);
        row->first = inner->from ? inner->from->origin : (Origin) {};
        row->second = outer->from ? outer->from->origin : (Origin) {};
        row->origin = line ? origin_format(line->origin) : NULL;
        return row->key && row->inner && (set || bits || row->outer) && (row->origin || !line) ? 0 : -ENOMEM;
}

static int add_row(void *userdata, DirectiveId id, const char *key, const Grain *inner, const Grain *outer) {
        Differences *d = userdata;
        DifferenceRow *last = d->n > 0 ? &d->items[d->n - 1] : NULL, *row;

        if (last && key && permit_is_set(id) && streq(last->directive, directive_table[id].name))
                return extend(last, key);
        /* Without the limit, its name in Optional= says nothing. */
        if (id == D_Optional && !inner->from)
                return 0;
        row = ARRAY_APPEND(d->items, d->n);
        return row ? fill(row, id, key, inner, outer) : -ENOMEM;
}

int differences_find(Differences *ret, const Permit *inner, const Permit *outer) {
        *ret = (Differences) {};
        return permit_diff(inner, outer, add_row, ret);
}

char *difference_text(const DifferenceRow *row, const char *outer) {
        const char *colon = *row->key ? ": " : "";

        if (!row->outer)
                return format("%s=: %s%s%s", row->directive, row->key, colon, row->inner);
        return format("%s=: %s%s%s; %s: %s", row->directive, row->key, colon, row->inner, outer, row->outer);
}
