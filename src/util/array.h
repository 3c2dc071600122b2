/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

/* A growing array inside a structure: `Item *items; size_t n_items;`.
 *
 * ARRAY_APPEND makes room for one more zeroed element at the end, doubling at each power of two so that no
 * capacity needs storing, and evaluates to a pointer to it or to NULL when memory runs out. The array may move:
 * earlier pointers into it are void. */
#define ARRAY_APPEND(items, n) ((typeof(items)) array_append((void **) &(items), &(n), sizeof((items)[0])))

static inline void *array_append(void **items, size_t *n, size_t size) {
        if ((*n & (*n - 1)) == 0) {
                void *p = reallocarray(*items, *n ? *n * 2 : 1, size);

                if (!p)
                        return NULL;
                *items = p;
        }

        return memset((char *) *items + (*n)++ * size, 0, size);
}
