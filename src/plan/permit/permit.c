/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/permit/permit.h"

#include <errno.h>

#include "util/array.h"
#include "util/strv.h"
#include "util/text.h"

Permit *permit_free(Permit *permit) {
        for (DirectiveId id = 0; permit && id < _DIRECTIVE_MAX; id++)
                free(permit->facets[id].items);
        if (permit)
                strv_free(permit->texts);
        free(permit);
        return NULL;
}

typedef struct Meeting {
        Permit *permit;
        Facet *facet;
} Meeting;

/* The text of a place below another one is put together, so that it can be continued. */
static int join_text(Permit *permit, Grain *g) {
        char *text;

        if (!g->rest || !*g->rest)
                return 0;
        text = format("%s%s", g->text, g->rest);
        if (strv_consume(&permit->texts, text) < 0)
                return -ENOMEM;
        g->text = text;
        g->rest = NULL;
        return 0;
}

static int meet_grains(void *userdata, const char *key, const Grain *a, const Grain *b) {
        Meeting *m = userdata;
        Grain meet = grain_meet(a, b);
        Grain *g;

        meet.key = key;
        if (join_text(m->permit, &meet) < 0)
                return -ENOMEM;
        if (!key) {
                m->facet->other = meet;
                return 0;
        }
        g = ARRAY_APPEND(m->facet->items, m->facet->n);
        if (!g)
                return -ENOMEM;
        *g = meet;
        return 0;
}

int permit_meet(Permit **ret, const Permit *a, const Permit *b) {
        _cleanup_(permit_freep) Permit *permit = calloc(1, sizeof(Permit));

        if (!permit)
                return -ENOMEM;
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                Meeting m = { permit, &permit->facets[id] };

                *m.facet = (Facet) { .near = a->facets[id].near, .other = a->facets[id].other };
                if (facet_visit(&a->facets[id], &b->facets[id], meet_grains, &m) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(permit);
        return 0;
}

/* Whether the order of the directive says what is permitted. */
static bool compares(DirectiveId id) {
        return directive_table[id].order != ORDER_FREE && directive_table[id].order != ORDER_KEPT;
}

typedef struct Difference {
        DirectiveId id;
        PermitVisit visit;
        void *userdata;
} Difference;

static int compare_grains(void *userdata, const char *key, const Grain *inner, const Grain *outer) {
        const Difference *d = userdata;

        return grain_within(inner, outer) ? 0 : d->visit(d->userdata, d->id, key, inner, outer);
}

int permit_diff(const Permit *inner, const Permit *outer, PermitVisit visit, void *userdata) {
        int r = 0;

        for (DirectiveId id = 0; r == 0 && id < _DIRECTIVE_MAX; id++) {
                Difference d = { id, visit, userdata };

                if (compares(id))
                        r = facet_visit(&inner->facets[id], &outer->facets[id], compare_grains, &d);
        }
        return r;
}

static int found(_unused_ void *userdata, _unused_ DirectiveId id, _unused_ const char *key,
                 _unused_ const Grain *inner, _unused_ const Grain *outer) {
        return 1;
}

bool permit_within(const Permit *inner, const Permit *outer) {
        return permit_diff(inner, outer, found, NULL) == 0;
}

static void report_clash(DirectiveId id, const Grain *g, Report *report) {
        const char *name = directive_table[g->from && g->id ? g->id : id].name;
        _cleanup_free_ char *other = g->lost ? origin_format(g->lost->origin) : NULL;

        report_error_at(report, g->from ? g->from->origin : (Origin) {}, name, EINVAL,
                        "%s%s%s and %s (%s) contradict each other, and neither permits less", g->key ?: "",
                        g->key && *g->key ? ": " : "", g->from ? g->from->value.text : "a policy that does not set it",
                        g->lost ? g->lost->value.text : "a policy that does not set it", other ?: "built-in");
}

int permit_check(const Permit *permit, Report *report) {
        int r = 0;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                for (size_t i = 0; i < permit->facets[id].n; i++) {
                        const Grain *g = &permit->facets[id].items[i];

                        if (!g->clash || directive_table[id].order == ORDER_FREE)
                                continue;
                        report_clash(id, g, report);
                        r = -EINVAL;
                }
        return r;
}
