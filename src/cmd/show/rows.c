/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/rows.h"

#include <errno.h>

#include "cmd/show/terminal-output.h"

static int add_column(struct libscols_table *table, const char *heading, bool last) {
        struct libscols_column *column = scols_table_new_column(table, heading, last ? 0 : 1, last ? SCOLS_FL_WRAP : 0);

        if (!column)
                return -ENOMEM;
        return output_has_colours() ? scols_cell_set_color(scols_column_get_header(column), "bold") : 0;
}

struct libscols_table *rows_new(const char *const *headings, bool legend) {
        struct libscols_table *table = scols_new_table();

        if (!table)
                return NULL;
        scols_table_enable_noheadings(table, !legend);
        scols_table_enable_colors(table, output_has_colours());
        for (const char *const *h = headings; *h; h++)
                if (add_column(table, *h, !h[1]) < 0) {
                        scols_unref_table(table);
                        return NULL;
                }
        return table;
}

int rows_add(struct libscols_table *table, const char *const *texts, const char *colour) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        int r = line ? 0 : -ENOMEM;

        for (size_t c = 0; r >= 0 && c < scols_table_get_ncols(table); c++)
                r = scols_line_set_data(line, c, texts[c]);
        return r >= 0 && colour && output_has_colours() ? scols_line_set_color(line, colour) : r;
}

int rows_print(struct libscols_table *table) {
        return scols_table_get_nlines(table) > 0 ? scols_print_table(table) : 0;
}

int rows_end(struct libscols_table *table, int r) {
        if (r >= 0)
                r = rows_print(table);
        scols_unref_table(table);
        return r;
}
