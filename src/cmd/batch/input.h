/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads a file or pipe line by line. Only one line is in memory. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_LINE_MAX = 1 << 20 };

typedef struct Input {
        int fd;
        char *buffer; /* of INPUT_LINE_MAX bytes */
        size_t size, taken; /* the bytes in it, and those of lines that were taken */
        uint64_t line;      /* the number of the last line, from 1 on */
        uint64_t offset;    /* the bytes of the lines so far */
        bool skipping;      /* the rest of a line that is too long */
        bool ended;
} Input;

/* Returns 0 or -ENOMEM. */
int input_init(Input *input, int fd);
void input_deinit(Input *input);

/* Calls read(2), if there is no line that input_next() returns. Returns 0 or -errno. */
int input_read(Input *input);

/* Takes the next line that is not blank, and counts it. Returns 1; -E2BIG if it is longer than INPUT_LINE_MAX, and so
 * cannot be had; or 0 if no whole line was read yet. *ret is borrowed until input_read(). */
int input_next(Input *input, const char **ret, size_t *ret_size);

/* Whether all lines were taken. */
bool input_is_done(const Input *input);
