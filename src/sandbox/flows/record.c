/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/record.h"

#include <stdio.h>
#include <stdlib.h>

bool record_is_due(uint64_t count) {
        while (count >= 10 && count % 10 == 0)
                count /= 10;
        return count == 1;
}

/* Returns the count of the name, or NULL if it is new and has no room. */
static uint64_t *find_count(RefusedNames *names, const char *name) {
        char *copy;

        for (size_t i = 0; i < names->n; i++)
                if (streq(names->items[i].name, name))
                        return &names->items[i].count;
        copy = names->n < ELEMENTSOF(names->items) ? strdup(name) : NULL;
        if (!copy)
                return NULL;
        names->items[names->n].name = copy;
        return &names->items[names->n++].count;
}

bool record_unknown_name(RefusedNames *names, const char *name, FlowRecord *ret) {
        uint64_t *known = find_count(names, name), *count = known ?: &names->n_others;

        *ret = (FlowRecord) { .kind = known ? FLOW_UNKNOWN_NAME : FLOW_UNKNOWN_NAMES, .count = ++*count };
        snprintf(ret->name, sizeof(ret->name), "%s", known ? name : "");
        return record_is_due(*count);
}
