/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/memory.h"

#include <malloc.h>
#include <stdlib.h>

void memory_settle(void) {
        /* Of a size that is in no bin of small parts, and that hardly any free part has. */
        void *volatile large = malloc(5003);

        free(large);
        (void) malloc_trim(0);
}
