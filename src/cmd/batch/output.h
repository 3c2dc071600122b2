/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Results that wait until standard output can take them. */

#include <stdbool.h>
#include <stddef.h>

typedef struct Output {
        char *bytes;
        size_t size, written;
} Output;

/* Appends a text. Returns 0 or -ENOMEM. */
int output_add(Output *output, const char *text);

/* Whether all was written. */
bool output_is_empty(const Output *output);

/* Whether no more results should be made before some are written. */
bool output_is_full(const Output *output);

/* Writes as much as a pipe takes without waiting, when poll(2) says that it can be written to. Returns 0 or -errno. */
int output_write(Output *output, int fd);

void output_deinit(Output *output);
