/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/who/namespaces.h"

#include "plan/who/private-ids.h"
#include "policy/value/names.h"

uint64_t build_all_namespaces(void) {
        uint64_t all = 0;

        for (const NamedNumber *n = namespace_types; n->name; n++)
                all |= (uint64_t) n->number;
        return all;
}

uint64_t build_allowed_namespaces(const Policy *policy) {
        const SettingList *list = &policy->settings[D_RestrictNamespaces];
        uint64_t all = build_all_namespaces(), allowed;

        /* The default "yes" does not apply to a payload that nests. */
        if ((policy_is_true(policy, D_Nesting) && !list->items[0].origin.file) ||
            build_lifts_default(policy, D_RestrictNamespaces))
                return all;

        allowed = list->items[0].value.inverted ? all : 0;
        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                allowed = v->inverted ? allowed & ~v->number : allowed | v->number;
        }
        return allowed;
}

bool build_allows_namespace(const Policy *policy, uint64_t kind) {
        return (build_allowed_namespaces(policy) & kind) == kind;
}
