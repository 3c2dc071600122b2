/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fail-memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static size_t left;
static bool reached;

void memory_fail(size_t nth) {
        left = nth;
        reached = false;
}

bool memory_failed(void) {
        left = 0;
        return reached;
}

static bool fails(void) {
        if (left == 0 || --left > 0)
                return false;
        reached = true;
        errno = ENOMEM;
        return true;
}

/* Defines the function that the linker puts in place of name(). params are its parameters. */
#define WRAP(type, failure, name, params, arguments)    \
        type __real_##name params;                      \
        type __wrap_##name params;                      \
        type __wrap_##name params {                     \
                if (fails())                            \
                        return failure;                 \
                return __real_##name arguments;         \
        }                                               \
        struct swallow_semicolon_##name

WRAP(void *, NULL, malloc, (size_t n), (n));
WRAP(void *, NULL, calloc, (size_t n, size_t size), (n, size));
WRAP(void *, NULL, realloc, (void *p, size_t n), (p, n));
WRAP(void *, NULL, reallocarray, (void *p, size_t n, size_t size), (p, n, size));
WRAP(char *, NULL, strdup, (const char *s), (s));
WRAP(char *, NULL, strndup, (const char *s, size_t n), (s, n));
WRAP(int, -1, vasprintf, (char **s, const char *format, va_list ap), (s, format, ap));
WRAP(int, -1, __vasprintf_chk, (char **s, int flag, const char *format, va_list ap), (s, flag, format, ap));
WRAP(FILE *, NULL, fopencookie, (void *cookie, const char *mode, cookie_io_functions_t io), (cookie, mode, io));
