/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The size of a file system in memory: the option size= of volumes and TemporaryFileSystem=, as tmpfs(5) has it. */

#include <stdbool.h>
#include <stdint.h>

typedef struct Size {
        uint64_t number; /* bytes, or percent of the machine's memory; 0: not set */
        bool relative;
} Size;

/* Parses bytes, with a suffix and a fraction like parse_size(), or whole percent. As in tmpfs(5) the suffix may be a
 * lower-case letter. Returns 0, -EINVAL for wrong syntax, or -ERANGE for a size that would be no limit: 0, more than
 * INT64_MAX bytes, and more than 100%. */
int size_parse(const char *text, Size *ret);

/* Parses a number of inodes, the option nr_inodes=. Returns like size_parse(). */
int size_parse_inodes(const char *text, uint64_t *ret);

/* What was meant by a size with a mistake in its unit: "64M" for "64MB", "64 MiB" or "64m". On the heap; NULL if it is
 * something else, or when memory runs out. */
char *size_guess(const char *text);

/* Returns the size as tmpfs reads it ("64M", "10%"), in a buffer that the caller frees. NULL when memory runs out. */
char *size_format(Size size);
