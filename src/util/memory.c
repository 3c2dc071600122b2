/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/memory.h"

#include <malloc.h>
#include <stdlib.h>

void memory_settle(void) {
        /* malloc(3) sorts its free parts when it looks for a large one. Hardly any free part has just this size. */
        void *volatile large = malloc(5003);

        free(large);
        (void) malloc_trim(0);
}
