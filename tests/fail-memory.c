/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To be preloaded: the allocation whose number is in $FAIL_MEMORY fails, the first being 1, be it the program's or that of
 * a library. Writes a line to the file of $FAIL_MEMORY_COUNT, where that is set: how many allocations there were. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static unsigned long done, failing;

__attribute__((constructor)) static void begin(void) {
        const char *number = getenv("FAIL_MEMORY");

        done = 0;
        failing = number ? strtoul(number, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void) {
        const char *path = getenv("FAIL_MEMORY_COUNT");
        FILE *f = path ? fopen(path, "we") : NULL;

        if (!f)
                return;
        fprintf(f, "%lu\n", done);
        fclose(f);
}

static int fails(void) {
        if (++done != failing)
                return 0;
        errno = ENOMEM;
        return 1;
}

void *malloc(size_t n) {
        return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
        return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
        return fails() ? NULL : __libc_realloc(p, n);
}
