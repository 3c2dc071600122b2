/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/directive.h"

#include "util/macro.h"
#include "util/similar.h"

const Directive *directive_find(const char *name) {
        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++)
                if (streq(d->name, name))
                        return d;
        return NULL;
}

const Directive *directive_suggest(const char *name) {
        Similar similar = { .word = name };

        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++)
                similar_try(&similar, d->name);
        return similar.found ? directive_find(similar.found) : NULL;
}
