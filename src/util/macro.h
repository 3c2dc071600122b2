/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))
#define _unused_ __attribute__((unused))

/* Defines fnp() for _cleanup_(). fn frees its argument and accepts NULL. */
#define DEFINE_CLEANUP(type, fn)                \
        static inline void fn##p(type *p) {     \
                if (*p)                         \
                        fn(*p);                 \
        }                                       \
        struct swallow_semicolon_##fn

static inline void freep(void *p) {
        free(*(void **) p);
}
#define _cleanup_free_ _cleanup_(freep)

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* The rest of s after prefix, or NULL if s does not begin with prefix. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t l = strlen(prefix);

        return strncmp(s, prefix, l) == 0 ? s + l : NULL;
}

static inline bool endswith(const char *s, const char *suffix) {
        size_t a = strlen(s), b = strlen(suffix);

        return a >= b && streq(s + a - b, suffix);
}

/* Moves a pointer or an fd out of its variable, and clears the variable, so that its cleanup does nothing. */
#define TAKE_PTR(p)                             \
        ({                                      \
                typeof(p) *_pp = &(p);          \
                typeof(p) _p = *_pp;            \
                *_pp = NULL;                    \
                _p;                             \
        })
#define TAKE_FD(fd)                             \
        ({                                      \
                int *_fdp = &(fd);              \
                int _fd = *_fdp;                \
                *_fdp = -1;                     \
                _fd;                            \
        })
