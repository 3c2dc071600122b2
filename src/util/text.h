/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "util/macro.h"

/* Text on the heap, which the caller frees; NULL when memory runs out. */
char *format(const char *fmt, ...) _printf_(1, 2);
char *formatv(const char *fmt, va_list ap) _printf_(1, 0);

/* Removes white space from both ends, in place. Returns the first character that is left. */
char *text_trim(char *s);

/* A text that is written piece by piece. Callers need not check each write: if memory ran out at any time,
 * text_finish() returns NULL. An empty struct is an empty text, to which text_add() adds. After text_open(), write with
 * the functions of stdio instead; then the struct must not move. This is slower: a stream has a buffer of its own. */
typedef struct Text {
        FILE *f;
        char *bytes; /* NUL-terminated */
        size_t size, room;
        bool failed;
} Text;

void text_add(Text *text, const char *s);
void text_add_bytes(Text *text, const char *bytes, size_t n);
void text_add_char(Text *text, char c);
void text_add_hex(Text *text, uint64_t n); /* like "%#llx" of printf(3) */

/* Returns 0 or -ENOMEM. */
int text_open(Text *text);

/* Ends the text and returns it, which the caller frees. NULL if memory ran out. */
char *text_finish(Text *text);

/* Returns the text so far; more can be written after it. Borrowed, until the next write. NULL if memory ran out. */
const char *text_so_far(Text *text);

void text_deinit(Text *text);
#define _cleanup_text_ _cleanup_(text_deinit)

/* Writes n bytes as 2 * n hexadecimal digits, and a NUL. */
void hex_write(const uint8_t *bytes, size_t n, char *ret);
