/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "util/macro.h"

/* NULL-terminated arrays of strings, each string and the array on the heap. NULL is the empty array. */

char **strv_free(char **v);
DEFINE_CLEANUP(char **, strv_free);
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char *const *v);
bool strv_contains(char *const *v, const char *s);

/* Appends s, which is taken over also on failure. NULL s: -ENOMEM, so that an allocation may be passed
 * unchecked. Returns 0 or -ENOMEM. */
int strv_consume(char ***v, char *s);
int strv_push(char ***v, const char *s);
int strv_prepend(char ***v, char *s); /* at the front; s is taken over likewise */
int strv_pushf(char ***v, const char *fmt, ...) _printf_(2, 3);

/* A deep copy of v (which may be NULL), or NULL when memory runs out. */
char **strv_copy(char *const *v);

/* The strings with a separator between, on the heap, or NULL when memory runs out. */
char *strv_join(char *const *v, const char *separator);

/* The value of NAME in an environment, an array of NAME=VALUE; borrowed, NULL where it is not there. */
const char *strv_variable(char *const *environment, const char *name);
