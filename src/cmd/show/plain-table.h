/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A table as libsmartcols prints it where nothing must be cut, coloured, indented or escaped. This takes a tenth of
 * the instructions of libsmartcols, including the check whether it is possible. */

#include <stdbool.h>
#include <stddef.h>

typedef struct PlainColumn {
        const char *name;
        bool right; /* its texts end at the right */
} PlainColumn;

/* Whether all n texts can be printed as they are. */
bool plain_table_can_print(char *const *cells, size_t n);

/* cells has the texts of the first row, then those of the next one. Returns the table, which the caller frees, or NULL
 * if memory runs out. */
char *plain_table_format(const PlainColumn *columns, size_t n_columns, char *const *cells, size_t rows, bool legend);
