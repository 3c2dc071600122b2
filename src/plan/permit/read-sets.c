/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directives whose values are sets: capabilities, families, namespaces, calls, processors, addresses, devices. */
#include <arpa/inet.h>
#include <errno.h>

#include "plan/deny/filter.h"
#include "plan/permit/read.h"
#include "plan/who/namespaces.h"
#include "plan/who/private-ids.h"
#include "policy/value/names.h"
#include "util/map.h"
#include "util/strv.h"
#include "util/text.h"

int permit_read_numbers(PermitReader *r, DirectiveId id) {
        const Setting *s = policy_get(r->policy, id);
        Facet *facet = &r->permit->facets[id];

        facet->other = (Grain) { .level = !s, .id = id, .from = s };
        for (unsigned i = 0; s && i < s->value.n_bitmap * 8; i++) {
                const char *key;

                if (!(s->value.bitmap[i / 8] & 1u << i % 8))
                        continue;
                key = permit_keep(r, format("%u", i));
                if (!key || !permit_add(r, id, key, 1, id, s))
                        return -ENOMEM;
        }
        facet_sort(facet);
        return 0;
}

/* The last line for a device counts. */
int permit_read_per_device(PermitReader *r, DirectiveId id) {
        _cleanup_(map_deinit) Map seen = {};
        const SettingList *list = permit_list(r, id);
        Facet *facet = &r->permit->facets[id];

        facet->other.most[0] = UINT64_MAX;
        for (size_t i = list->n; i-- > 0;) {
                const Setting *s = &list->items[i];
                Grain *g;

                if (map_get(&seen, s->value.words[0]))
                        continue;
                g = permit_add(r, id, s->value.words[0], 0, id, s);
                if (!g || map_put(&seen, s->value.words[0], (void *) s) < 0)
                        return -ENOMEM;
                g->most[0] = s->value.number;
        }
        facet_sort(facet);
        return 0;
}

/* A range of addresses as its family, 4 or 6, and the bits of its prefix: "400001010" for 10.0.0.0/8. A range in
 * another one begins with the key of that one. */
static const char *address_key(PermitReader *r, const Value *v) {
        const bool v6 = strchr(v->words[0], ':');
        unsigned char bytes[16] = {};
        char key[130];
        unsigned n = 0;

        inet_pton(v6 ? AF_INET6 : AF_INET, v->words[0], bytes);
        key[n++] = v6 ? '6' : '4';
        for (unsigned i = 0; i < v->number && i < 128; i++)
                key[n++] = bytes[i / 8] & 0x80 >> i % 8 ? '1' : '0';
        key[n] = '\0';
        return permit_keep(r, strdup(key));
}

/* The lines of both directives, by the keys of their ranges. */
typedef struct AddressLines {
        Map allow, deny;
} AddressLines;

static void address_lines_deinit(AddressLines *lines) {
        map_deinit(&lines->allow);
        map_deinit(&lines->deny);
}

/* Adds a grain for each range of a list, and puts its line into the map. */
static int add_addresses(PermitReader *r, DirectiveId id, Map *lines) {
        const SettingList *list = permit_list(r, id);

        for (size_t i = 0; i < list->n; i++) {
                const char *key = address_key(r, &list->items[i].value);

                if (key && map_get(lines, key))
                        continue;
                if (!key || !permit_add(r, D_IPAddressDeny, key, 1, id, NULL) ||
                    map_put(lines, key, (void *) &list->items[i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* The line for a range or for one around it. */
static const Setting *find_around(const Map *lines, const char *key) {
        char prefix[130];

        for (size_t n = strlen(key); n > 0; n--) {
                const Setting *s;

                memcpy(prefix, key, n);
                prefix[n] = '\0';
                s = map_get(lines, prefix);
                if (s)
                        return s;
        }
        return NULL;
}

/* systemd.resource-control(5): IPAddressAllow= wins, whichever range is smaller. */
int permit_read_addresses(PermitReader *r, DirectiveId id) {
        _cleanup_(address_lines_deinit) AddressLines lines = {};
        Facet *facet = &r->permit->facets[id];

        facet->near = NEAR_PREFIX;
        if (!permit_add(r, id, "4", 1, id, NULL) || !permit_add(r, id, "6", 1, id, NULL) ||
            add_addresses(r, D_IPAddressAllow, &lines.allow) < 0 || add_addresses(r, D_IPAddressDeny, &lines.deny) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < facet->n; i++) {
                Grain *g = &facet->items[i];
                const Setting *allow = find_around(&lines.allow, g->key), *deny = find_around(&lines.deny, g->key);

                g->id = allow ? D_IPAddressAllow : D_IPAddressDeny;
                g->from = allow ?: deny;
                g->level = allow || !deny;
        }
        facet_sort(facet);
        return 0;
}

static uint64_t access_bits(const char *letters) {
        return (strchr(letters, 'r') ? 1u : 0) | (strchr(letters, 'w') ? 2u : 0) | (strchr(letters, 'm') ? 4u : 0);
}

/* systemd.resource-control(5): "auto" allows all devices, or with DeviceAllow= the same as "closed". */
int permit_read_devices(PermitReader *r, DirectiveId id) {
        const SettingList *list = permit_list(r, D_DeviceAllow);
        const Setting *s = policy_get(r->policy, D_DevicePolicy);
        unsigned policy = s ? policy_choice(r->policy, D_DevicePolicy) : DEVICE_POLICY_AUTO;
        Facet *facet = &r->permit->facets[id];
        Grain *g;

        if (policy == DEVICE_POLICY_AUTO && list->n == 0)
                facet->other = (Grain) { .level = 1, .bits = 7 };
        else if (policy != DEVICE_POLICY_STRICT) {
                g = permit_add(r, id, PERMIT_STANDARD_DEVICES, 1, D_DevicePolicy, s);
                if (!g)
                        return -ENOMEM;
                g->bits = 7;
        }
        for (size_t i = 0; i < list->n; i++) {
                g = permit_add(r, id, list->items[i].value.words[0], 1, D_DeviceAllow, &list->items[i]);
                if (!g)
                        return -ENOMEM;
                g->bits = access_bits(list->items[i].value.words[1]);
        }
        facet_sort(facet);
        return 0;
}

static uint64_t bit_of(const Value *v) {
        return *v->text ? UINT64_C(1) << v->number : 0;
}

/* The first line decides about the names that no line has. */
static uint64_t read_names(const SettingList *list) {
        uint64_t set = list->n > 0 && list->items[0].value.inverted ? UINT64_MAX : 0;

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                set = v->inverted ? set & ~bit_of(v) : set | bit_of(v);
        }
        return set;
}

static uint64_t permitted_bits(const Policy *policy, DirectiveId id) {
        const SettingList *list = &policy->settings[id];

        if (id == D_RestrictNamespaces)
                return build_allowed_namespaces(policy);
        if (id != D_CapabilityBoundingSet)
                return read_names(list);
        if (build_lifts_default(policy, id))
                return UINT64_MAX;
        return read_names(list) | read_names(&policy->settings[D_AmbientCapabilities]);
}

int permit_read_bits(PermitReader *r, DirectiveId id) {
        Grain *g = permit_add(r, id, "", 0, id, policy_get(r->policy, id));

        if (!g)
                return -ENOMEM;
        g->bits = permitted_bits(r->policy, id);
        return 0;
}

int permit_read_calls(PermitReader *r, DirectiveId id) {
        Plan plan = { .n_architectures = 1 }; /* so that it has the calls of all architectures */
        const Setting *s = policy_get(r->policy, id);
        int result = build_permitted_calls(&plan, r->policy);

        for (size_t i = 0; result >= 0 && i < plan.n_calls; i++)
                if (!plan.calls[i].error && !permit_add(r, id, plan.calls[i].name, 1, id, s))
                        result = -ENOMEM;
        free(plan.calls);
        return result;
}
