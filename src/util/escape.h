/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "util/text.h"

/* Writes s so that a terminal does not act on it: control characters (C0, DEL, C1), characters that change the order of
 * others, and bytes that are not UTF-8 become \xHH. */
void escape_write(FILE *f, const char *s);

/* Returns s as one line for a unit file, on the heap. Control characters, backslashes and bytes that are not UTF-8
 * become "?". A longer text is cut to at most max bytes, between two characters. NULL when memory runs out. */
char *make_line(const char *s, size_t max);

/* Adds the same to a text. */
void escape_add(Text *to, const char *s);

/* Does the same, into memory that the caller frees. NULL when memory runs out. */
char *escape(const char *s);
