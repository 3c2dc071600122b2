/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/similar.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>

#include "util/macro.h"

enum { LENGTH_MAX = 64 };

static bool same(char a, char b) {
        return tolower((unsigned char) a) == tolower((unsigned char) b);
}

static unsigned minimum(unsigned a, unsigned b) {
        return a < b ? a : b;
}

/* The number of edits that make b of a: a character added, removed or replaced, or two neighbours that change places
 * (optimal string alignment). UINT_MAX for long words. */
static unsigned distance(const char *a, const char *b) {
        unsigned rows[3][LENGTH_MAX + 1];
        size_t m = strlen(a), n = strlen(b);

        if (m > LENGTH_MAX || n > LENGTH_MAX)
                return UINT_MAX;

        for (unsigned j = 0; j <= n; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= m; i++) {
                unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

                row[0] = (unsigned) i;
                for (size_t j = 1; j <= n; j++) {
                        row[j] = minimum(minimum(row[j - 1], above[j]) + 1,
                                         above[j - 1] + !same(a[i - 1], b[j - 1]));
                        if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                                row[j] = minimum(row[j], second[j - 2] + 1);
                }
        }
        return rows[m % 3][n];
}

/* A name may lack its beginning: INET for AF_INET. */
static unsigned distance_of_rest(const char *word, const char *candidate) {
        const char *rest = strchr(candidate, '_');
        unsigned n = rest && rest[1] ? distance(word, rest + 1) : UINT_MAX;

        return n == UINT_MAX ? n : n + 1;
}

void similar_try(Similar *s, const char *candidate) {
        unsigned n = minimum(distance(s->word, candidate), distance_of_rest(s->word, candidate));

        if (n > strlen(s->word) / 4 + 1 || (s->found && n >= s->distance))
                return;
        s->found = candidate;
        s->distance = n;
}
