/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/directive.h"

#include <ctype.h>

#include "util/macro.h"

const Directive *directive_find(const char *name) {
        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++)
                if (streq(d->name, name))
                        return d;
        return NULL;
}

/* The Levenshtein distance of two names, UINT32_MAX for long ones. Upper and lower case are the same. */
static unsigned distance(const char *a, const char *b) {
        enum { LENGTH_MAX = 64 };
        unsigned row[LENGTH_MAX + 1];
        size_t n = strlen(b);

        if (n > LENGTH_MAX || strlen(a) > LENGTH_MAX)
                return UINT32_MAX;

        for (unsigned j = 0; j <= n; j++)
                row[j] = j;
        for (unsigned i = 1; a[i - 1]; i++) {
                unsigned diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        bool same = tolower((unsigned char) a[i - 1]) == tolower((unsigned char) b[j - 1]);
                        unsigned best = diagonal + !same;

                        diagonal = row[j];
                        if (row[j] + 1 < best)
                                best = row[j] + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        row[j] = best;
                }
        }
        return row[n];
}

const Directive *directive_suggest(const char *name) {
        unsigned best = (unsigned) strlen(name) / 3 + 1;
        const Directive *found = NULL;

        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++) {
                unsigned n = distance(name, d->name);

                if (n <= best && (!found || n < best)) {
                        best = n;
                        found = d;
                }
        }
        return found;
}
