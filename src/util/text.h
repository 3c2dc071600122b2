/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include "util/macro.h"

/* Text on the heap, which the caller frees; NULL when memory runs out. */
char *format(const char *fmt, ...) _printf_(1, 2);
char *formatv(const char *fmt, va_list ap) _printf_(1, 0);

/* Text that is written piece by piece, with what stdio has for it. Nobody need look at what each call returns: a text
 * that memory did not suffice for is not handed out. It must stay where it is while it is open. */
typedef struct Text {
        FILE *f;
        char *bytes; /* with a NUL behind them */
        size_t size, room;
        bool failed;
} Text;

/* Returns 0 or -ENOMEM. */
int text_open(Text *text);

/* Ends the writing, and gives the text to the caller; NULL when memory ran out. */
char *text_finish(Text *text);

/* The same, while more is to be written: borrowed until the next piece. */
const char *text_so_far(Text *text);

void text_deinit(Text *text);
#define _cleanup_text_ _cleanup_(text_deinit)
