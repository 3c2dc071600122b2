/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The values of a policy's specifiers. The strings are borrowed. If a string is NULL, its specifier is an error. */
typedef struct Specifiers {
        const char *home;     /* %h; if NULL, find_home(uid) supplies it */
        const char *(*find_home)(uid_t uid);
        const char *runtime;  /* %t */
        const char *user;     /* %u; if NULL, find_user(uid) supplies it */
        const char *(*find_user)(uid_t uid);
        const char *instance; /* %i */
        const char *unit;     /* %n */
        uid_t uid;            /* %U */
        gid_t gid;            /* %G */
        /* Finds out, when it is needed, %g (the group), %H (the host's name), %v (the kernel's release) or %b (the boot
         * id). Returns 0 with *ret on the heap, or -errno. NULL: these are errors. */
        int (*find_fact)(char letter, gid_t gid, char **ret);
        bool *names_used;     /* set to true when %i or %n is replaced; NULL: nobody asks */
} Specifiers;

/* Replaces the specifiers of text. Returns 0 with *ret on the heap, -EINVAL for a specifier that does not exist or has
 * no value, with its letter in *ret_bad (NUL at the end of the text), or -ENOMEM. */
int specifier_expand(const Specifiers *specifiers, const char *text, char **ret, char *ret_bad);
