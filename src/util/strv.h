/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "util/macro.h"

/* NULL-terminated arrays of strings. The array and each string are on the heap. NULL is an empty array. */

char **strv_free(char **v);
DEFINE_CLEANUP(char **, strv_free);
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char *const *v);
bool strv_contains(char *const *v, const char *s);

/* These append s. Returns 0 or -ENOMEM. strv_consume() and strv_prepend() take over s, on failure too, and return
 * -ENOMEM if s is NULL, so that the caller need not check an allocation. */
int strv_consume(char ***v, char *s);
int strv_push(char ***v, const char *s);
int strv_prepend(char ***v, char *s); /* puts s at the front */
int strv_pushf(char ***v, const char *fmt, ...) _printf_(2, 3);

/* A deep copy of v (which may be NULL), or NULL when memory runs out. */
char **strv_copy(char *const *v);

/* Joins the strings with the separator between them, on the heap. NULL when memory runs out. */
char *strv_join(char *const *v, const char *separator);

/* The value of name in environment, an array of NAME=VALUE. Borrowed; NULL if the variable is not set. */
const char *strv_variable(char *const *environment, const char *name);
