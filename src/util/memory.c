/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void memory_settle(void) {
        /* malloc(3) sorts its free parts when it looks for a large one. Hardly any free part has just this size. */
        void *volatile large = malloc(5003);

        free(large);
        (void) malloc_trim(0);
}

/* Not a buffer of this function's own: with -fstack-clash-protection, compilers write to each page of a large one. */
void memory_shed_stack(void) {
        enum { DEPTH = 16 * 1024, OWN = 512 }; /* OWN: the frames of this function and of madvise(2) */
        const uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
        const uintptr_t end = ((uintptr_t) __builtin_frame_address(0) - OWN) / page * page;

        (void) madvise((void *) (end - DEPTH), DEPTH, MADV_DONTNEED);
}
