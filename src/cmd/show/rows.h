/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rows of texts, as isoctl policies and isoctl doctor print them. */

#include <libsmartcols.h>
#include <stdbool.h>

/* Makes a table with these columns. headings ends with NULL; legend: whether they are printed. On a terminal, the last
 * column is wrapped. End it with rows_end(). Returns NULL if memory is short. */
struct libscols_table *rows_new(const char *const *headings, bool legend);

/* Adds a row with a text for each column, which is copied. colour: a name that libsmartcols knows, or NULL; not used
 * where output_has_colours() says no. Returns 0 or a negative errno. */
int rows_add(struct libscols_table *table, const char *const *texts, const char *colour);

/* Prints the table on standard output; nothing if it has no rows. Returns 0 or a negative errno. */
int rows_print(struct libscols_table *table);

/* Frees the table, which may be NULL, and before that prints it unless r is a negative errno. Returns 0 or a negative
 * errno. */
int rows_end(struct libscols_table *table, int r);
