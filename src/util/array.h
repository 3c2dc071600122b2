/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

/* A growing array inside a structure: `Item *items; size_t n_items;`.
 *
 * ARRAY_APPEND appends one zeroed element. It returns a pointer to the element, or NULL when memory runs out. The array
 * may move, so earlier pointers into it become invalid. The array doubles when n is a power of two, so no capacity is
 * stored. */
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
