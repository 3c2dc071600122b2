/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* What the specifiers of a policy stand for. The strings are borrowed; one that is NULL makes its specifier an
 * error. */
typedef struct Specifiers {
        const char *home;     /* %h */
        const char *runtime;  /* %t */
        const char *user;     /* %u; where it is NULL, find_user is asked */
        const char *(*find_user)(uid_t uid);
        const char *instance; /* %i */
        const char *unit;     /* %n */
        uid_t uid;            /* %U */
} Specifiers;

/* text with its specifiers replaced, on the heap. Returns 0, -EINVAL for a specifier that does not exist or has no
 * value here, with the offending letter in *ret_bad, or -ENOMEM. */
int specifier_expand(const Specifiers *specifiers, const char *text, char **ret, char *ret_bad);
