/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The differences of two policies, in words. */

#include "plan/permit/permit.h"

/* A line that the one policy permits and the other does not. All strings are on the heap. */
typedef struct DifferenceRow {
        const char *directive;
        char *key;    /* a path, a device and so on; "" for a directive with one value */
        char *inner;  /* what the first permits */
        char *outer;  /* what the second permits; NULL for a list of names that it does not permit */
        char *origin; /* the line of the first, or of the second if only that has one; NULL: neither */
        Origin first, second; /* their lines, borrowed; without a file: none */
} DifferenceRow;

typedef struct Differences {
        DifferenceRow *items;
        size_t n;
} Differences;

void differences_deinit(Differences *d);

/* Lists what inner permits and outer does not. Returns 0 or -ENOMEM. */
int differences_find(Differences *ret, const Permit *inner, const Permit *outer);

/* The row in words, without its origin: "MemoryMax=: at most 2G; outer: at most 1G". On the heap; NULL when memory runs
 * out. */
char *difference_text(const DifferenceRow *row, const char *outer);
