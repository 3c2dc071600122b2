/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* Prints value in ASCII and a newline: some control characters for terminals are none for JSON (U+0080 to U+009F).
 * Returns 0 or -errno. */
int json_print(const json_t *value, FILE *f);

/* Prints an array of n values. make returns value i of items, or NULL if memory is short. Returns 0 or -errno. */
int json_print_array(json_t *(*make)(const void *items, size_t i), const void *items, size_t n, FILE *f);

/* Makes a JSON string of any bytes. If they are not UTF-8, they are written as \xHH. */
json_t *json_text(const char *s);

/* The same, or null for NULL. */
json_t *json_text_or_null(const char *s);
