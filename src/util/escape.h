/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* Writes s so that a terminal does not act on it: control characters (C0, DEL, C1), and bytes that are no UTF-8,
 * as \xHH; all else as it is. */
void escape_write(FILE *f, const char *s);

/* s as one line for a unit file, on the heap: control characters, backslashes and bytes that are no UTF-8 become "?",
 * and what is beyond max bytes is cut off, between characters. NULL when memory runs out. */
char *make_line(const char *s, size_t max);

/* As escape_write(), into memory that the caller frees; NULL when memory runs out. */
char *escape(const char *s);
