/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directives with one value, and those with a plain list. */
#include "plan/permit/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "plan/who/private-ids.h"
#include "policy/value/names.h"
#include "policy/value/standard-io.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

const char *permit_keep(PermitReader *r, char *text) {
        return strv_consume(&r->permit->texts, text) < 0 ? NULL : text;
}

Grain *permit_add(PermitReader *r, DirectiveId facet, const char *key, unsigned level, DirectiveId id,
                  const Setting *from) {
        Grain *g = facet_add(&r->permit->facets[facet], key, level);

        if (g) {
                g->id = id;
                g->from = from;
        }
        return g;
}

/* Appends the only grain of a directive with one value. */
static int add_single(PermitReader *r, DirectiveId id, Grain value) {
        Grain *g;

        value.key = "";
        value.id = id;
        value.from = policy_get(r->policy, id);
        g = facet_add(&r->permit->facets[id], "", 0);
        if (!g)
                return -ENOMEM;
        *g = value;
        return 0;
}

static int read_same(PermitReader *r, DirectiveId id) {
        const SettingList *list = permit_list(r, id);
        _cleanup_strv_free_ char **texts = NULL;
        char *joined;

        for (size_t i = 0; i < list->n; i++)
                if (!strv_contains(texts, list->items[i].value.text) &&
                    strv_push(&texts, list->items[i].value.text) < 0)
                        return -ENOMEM;
        path_sort(texts, strv_length(texts), sizeof(char *));
        joined = strv_join(texts, "\n");
        if (!permit_keep(r, joined))
                return -ENOMEM;
        return add_single(r, id, (Grain) { .text = joined });
}

/* A default that does not apply permits everything. */
static int read_yes(PermitReader *r, DirectiveId id) {
        const bool lifted = (id == D_ProtectHostname || id == D_RestrictSUIDSGID) && build_lifts_default(r->policy, id);
        const Setting *s = policy_get(r->policy, id);

        return add_single(r, id, (Grain) { .level = lifted || (s && !s->value.number) });
}

static int read_no(PermitReader *r, DirectiveId id) {
        const Setting *s = policy_get(r->policy, id);
        char *words = NULL;

        if (s && s->value.number && s->value.words) {
                words = strv_join(s->value.words, " ");
                if (!permit_keep(r, words))
                        return -ENOMEM;
        }
        return add_single(r, id, (Grain) { .level = s && s->value.number, .text = words });
}

/* Finds the rank of a word. Returns false if the table has none. */
static bool find_rank(const char *ranks, const char *word, uint64_t *ret) {
        uint64_t rank = 0;

        for (const char *p = ranks; *p; p += strspn(p, " ")) {
                size_t n = strcspn(p, " ");

                if (n == strlen(word) && memcmp(p, word, n) == 0) {
                        *ret = rank;
                        return true;
                }
                rank += *p == '<';
                p += n;
        }
        return false;
}

static int read_rank(PermitReader *r, DirectiveId id) {
        const Setting *s = policy_get(r->policy, id);
        const char *word = s ? s->value.text : "-";
        Grain g = {};

        if (!find_rank(directive_table[id].ranks, word, &g.most[0]))
                g.text = word;
        return add_single(r, id, g);
}

/* systemd calculates a share from the first number, or from the lower one, depending on its version and its cgroup:
 * physical_memory() of its src/basic/limits-util.c. */
static uint64_t machine_memory(void) {
        uint64_t all = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE), most;
        _cleanup_free_ char *text = NULL;

        if (file_read_line(AT_FDCWD, "/sys/fs/cgroup/memory.max", &text) >= 0 && parse_u64(text, &most) >= 0 &&
            most < all)
                return most;
        return all;
}

uint64_t permit_memory(const Value *v) {
        return v->relative ? (uint64_t) ((long double) machine_memory() * v->number / 10000) : v->number;
}

static int read_less(PermitReader *r, DirectiveId id) {
        const Directive *d = &directive_table[id];
        const Setting *s = policy_get(r->policy, id);
        Grain g = { .most = { d->unset, UINT64_MAX, UINT64_MAX } };

        if (d->type == &type_resource_limit && !s)
                g.most[1] = d->unset;
        else if (d->type == &type_resource_limit)
                g = (Grain) { .most = { s->value.number, s->value.number2, UINT64_MAX } };
        else if (s && d->type == &type_memory)
                g.most[0] = permit_memory(&s->value);
        else if (s && s->value.relative)
                g = (Grain) { .most = { UINT64_MAX, s->value.number, UINT64_MAX } };
        else if (s)
                g.most[0] = s->value.number;
        if (g.most[0] == 0 && d->type != &type_resource_limit && d->type != &type_memory)
                g.most[1] = 0; /* nothing is less than any share */
        return add_single(r, id, g);
}

static int read_less_own(PermitReader *r, DirectiveId id) {
        const Setting *s = policy_get(r->policy, id);
        Grain g = { .text = "-" };

        if (s)
                g = (Grain) { .most = { s->value.number, s->value.number2, UINT64_MAX } };
        return add_single(r, id, g);
}

static int read_nice(PermitReader *r, DirectiveId id) {
        const Setting *s = policy_get(r->policy, id);
        int64_t nice = s ? (int64_t) s->value.number : 0;

        return add_single(r, id, (Grain) { .most = { (uint64_t) (PERMIT_NICE_MAX - nice) } });
}

/* Architectures have several names, so their key is a number. That of the native one is 0. */
static const char *item_key(DirectiveId id, const Setting *s, PermitReader *r) {
        uint32_t number = (uint32_t) s->value.number;

        if (directive_table[id].type == &type_architectures)
                return permit_keep(r, format("%u", number == NATIVE_ARCHITECTURE ? 0 : number));
        return s->value.text;
}

static int read_list(PermitReader *r, DirectiveId id) {
        const bool allows = directive_table[id].order == ORDER_ALLOWS;
        const SettingList *list = permit_list(r, id);
        Facet *facet = &r->permit->facets[id];

        facet->other.level = !allows;
        if (directive_table[id].type == &type_architectures && !permit_add(r, id, "0", 1, id, NULL))
                return -ENOMEM; /* every policy allows the native one */
        for (size_t i = 0; i < list->n; i++) {
                const char *key = item_key(id, &list->items[i], r);

                if (allows && id == D_PassEnvironment && streq(list->items[i].value.text, "*"))
                        facet->other = (Grain) { .level = 1, .id = id, .from = &list->items[i] };
                else if (!key || !permit_add(r, id, key, allows, id, &list->items[i]))
                        return -ENOMEM;
        }
        facet_sort(facet);
        return 0;
}

static const char *kept_key(PermitReader *r, DirectiveId id, const char *text) {
        if (id == D_Environment)
                return permit_keep(r, strndup(text, strcspn(text, "=")));
        return directive_table[id].list ? text : "";
}

/* Two policies contradict each other if they give different values for one variable, or for a directive with one value.
 * Begins at the last line, because the last assignment of a variable counts. */
static int read_kept(PermitReader *r, DirectiveId id) {
        _cleanup_(map_deinit) Map seen = {};
        const SettingList *list = permit_list(r, id);

        r->permit->facets[id].other.level = 1;
        for (size_t i = list->n; i-- > 0;) {
                const char *key = kept_key(r, id, list->items[i].value.text);
                Grain *g;

                if (key && map_get(&seen, key))
                        continue;
                g = key ? permit_add(r, id, key, 0, id, &list->items[i]) : NULL;
                if (!g || map_put(&seen, key, &list->items[i]) < 0)
                        return -ENOMEM;
                g->text = list->items[i].value.text;
        }
        facet_sort(&r->permit->facets[id]);
        return 0;
}

/* Without User=, the policy leaves the user to the caller. */
static int read_user(PermitReader *r, DirectiveId id) {
        const Setting *user = policy_get(r->policy, D_User), *group = policy_get(r->policy, D_Group);
        char *text = format("%s:%s", user ? user->value.text : "", group ? group->value.text : "");

        if (!permit_keep(r, text))
                return -ENOMEM;
        if (!user && !group)
                return add_single(r, id, (Grain) { .level = 1 });
        if (add_single(r, id, (Grain) { .text = text }) < 0)
                return -ENOMEM;
        r->permit->facets[id].items[0].from = user ?: group;
        r->permit->facets[id].items[0].id = user ? D_User : D_Group;
        return 0;
}

static int read_stream(PermitReader *r, DirectiveId id) {
        const Value *v = &policy_get(r->policy, id)->value;

        return add_single(r, id, (Grain) { .level = v->number != STANDARD_IO_NULL, .text = v->text });
}

static int read_facet(PermitReader *r, DirectiveId id) {
        static int (*const readers[_ORDER_MAX])(PermitReader *r, DirectiveId id) = {
                [ORDER_FREE] = NULL,
                [ORDER_PART] = NULL,
                [ORDER_KEPT] = read_kept,
                [ORDER_SAME] = read_same,
                [ORDER_YES] = read_yes,
                [ORDER_NO] = read_no,
                [ORDER_RANK] = read_rank,
                [ORDER_LESS] = read_less,
                [ORDER_LESS_OWN] = read_less_own,
                [ORDER_NICE] = read_nice,
                [ORDER_ALLOWS] = read_list,
                [ORDER_DENIES] = read_list,
                [ORDER_NUMBERS] = permit_read_numbers,
                [ORDER_PER_DEVICE] = permit_read_per_device,
                [ORDER_ADDRESSES] = permit_read_addresses,
                [ORDER_DEVICES] = permit_read_devices,
                [ORDER_ROOT] = permit_read_root,
                [ORDER_PLACES] = permit_read_places,
                [ORDER_CREDENTIALS] = permit_read_credentials,
                [ORDER_EXEC] = permit_read_exec,
                [ORDER_GRANTS] = permit_read_grants,
                [ORDER_USER] = read_user,
                [ORDER_STREAM] = read_stream,
                [ORDER_BITS] = permit_read_bits,
                [ORDER_CALLS] = permit_read_calls,
        };

        return readers[directive_table[id].order] ? readers[directive_table[id].order](r, id) : 0;
}

/* Whether the directive is a limit, or a part of one, that the policy does not set. */
static bool is_unlimited(const Permit *permit, const Directive *d) {
        const DirectiveId id = d->order == ORDER_PART ? d->part_of : directive_id(d);
        const Facet *facet = &permit->facets[id];

        switch (directive_table[id].order) {
        case ORDER_LESS:
                return facet->items[0].most[0] == UINT64_MAX && facet->items[0].most[1] == UINT64_MAX;
        case ORDER_NUMBERS:
        case ORDER_DEVICES:
                return facet->other.level > 0;
        case ORDER_PER_DEVICE:
                return facet->n == 0;
        case ORDER_ADDRESSES:
                for (size_t i = 0; i < facet->n; i++)
                        if (!facet->items[i].level)
                                return false;
                return true;
        default:
                return false;
        }
}

/* A limit that may be missing and one that is missing permit the same, so a policy without the limit makes it optional,
 * too. */
static int add_optional(Permit *permit) {
        Facet *facet = &permit->facets[D_Optional];

        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++)
                if (is_unlimited(permit, d) && !facet_add(facet, d->name, 1))
                        return -ENOMEM;
        facet_sort(facet);
        return 0;
}

int permit_new(Permit **ret, const Policy *policy, PermitResolve resolve, Report *report) {
        _cleanup_(permit_freep) Permit *permit = calloc(1, sizeof(Permit));
        PermitReader reader = { .permit = permit, .policy = policy, .resolve = resolve };
        int r = permit ? 0 : -ENOMEM;

        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                r = read_facet(&reader, id);
        if (r >= 0)
                r = add_optional(permit);
        if (r < 0)
                return report_oom(report);
        *ret = TAKE_PTR(permit);
        return 0;
}
