/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/plain-table.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

/* Printable ASCII: one byte is one column. No backslash, because libsmartcols escapes one before an "x". */
static bool is_plain(const char *text) {
        for (const char *c = text; *c; c++)
                if (*c < ' ' || *c > '~' || *c == '\\')
                        return false;
        return true;
}

bool plain_table_can_print(char *const *cells, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!is_plain(cells[i]))
                        return false;
        return true;
}

static void add_spaces(Text *text, size_t n) {
        for (; n > 0; n--)
                text_add_char(text, ' ');
}

/* Nothing follows the text of the last column. */
static void add_cell(Text *text, const PlainColumn *column, const char *cell, size_t width, bool last) {
        size_t space = width - strlen(cell);

        if (column->right)
                add_spaces(text, space);
        text_add(text, cell);
        if (!column->right && !last)
                add_spaces(text, space);
        text_add_char(text, last ? '\n' : ' ');
}

static void widen(size_t *width, const char *text) {
        size_t n = strlen(text);

        if (n > *width)
                *width = n;
}

char *plain_table_format(const PlainColumn *columns, size_t n_columns, char *const *cells, size_t rows, bool legend) {
        _cleanup_free_ size_t *widths = calloc(n_columns, sizeof(size_t));
        _cleanup_text_ Text text = {};

        if (!widths)
                return NULL;
        for (size_t c = 0; c < n_columns; c++) /* of libsmartcols, also without the legend */
                widths[c] = strlen(columns[c].name);
        for (size_t i = 0; i < rows * n_columns; i++)
                widen(&widths[i % n_columns], cells[i]);
        for (size_t c = 0; c < n_columns && legend; c++)
                add_cell(&text, &columns[c], columns[c].name, widths[c], c + 1 == n_columns);
        for (size_t i = 0; i < rows * n_columns; i++)
                add_cell(&text, &columns[i % n_columns], cells[i], widths[i % n_columns], (i + 1) % n_columns == 0);
        return text_finish(&text);
}
