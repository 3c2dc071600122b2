/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table that isoctl prints itself is the one that libsmartcols prints. */
#include "helper.h"

#include <libsmartcols.h>

#include "cmd/show/plain-table.h"
#include "util/text.h"

enum { COLUMNS = 5, ROWS = 7, LONGEST = 12 };

static const PlainColumn columns[COLUMNS] = { { "NAME" }, { "TASKS", true }, { "A" }, { "AGE", true }, { "COMMAND" } };

static void make_cells(char cells[ROWS * COLUMNS][LONGEST + 1], char *ret[ROWS * COLUMNS]) {
        for (size_t i = 0; i < ROWS * COLUMNS; i++) {
                size_t n = (size_t) rand() % LONGEST + 1;

                for (size_t k = 0; k < n; k++)
                        cells[i][k] = " abcXYZ019-./=*%_"[rand() % 17];
                cells[i][0] = 'c'; /* libsmartcols takes no spaces away */
                cells[i][n] = '\0';
                ret[i] = cells[i];
        }
}

static char *format_by_library(char *const *cells, size_t rows, bool legend) {
        struct libscols_table *table = scols_new_table();
        _cleanup_text_ Text text = {};

        assert_true(table && text_open(&text) >= 0);
        scols_table_enable_noheadings(table, !legend);
        for (size_t c = 0; c < COLUMNS; c++)
                assert_non_null(scols_table_new_column(table, columns[c].name, 1,
                                                       (columns[c].right ? SCOLS_FL_RIGHT : 0) |
                                                       (c == COLUMNS - 1 ? SCOLS_FL_TRUNC : 0)));
        for (size_t r = 0; r < rows; r++) {
                struct libscols_line *line = scols_table_new_line(table, NULL);

                assert_non_null(line);
                for (size_t c = 0; c < COLUMNS; c++)
                        assert_int_equal(scols_line_set_data(line, c, cells[r * COLUMNS + c]), 0);
        }
        assert_int_equal(scols_table_set_stream(table, text.f), 0);
        assert_int_equal(scols_print_table(table), 0);
        scols_unref_table(table);
        return text_finish(&text);
}

static void test_same(_unused_ void **state) {
        srand(1);
        for (size_t i = 0; i < 200; i++) {
                char texts[ROWS * COLUMNS][LONGEST + 1], *cells[ROWS * COLUMNS];
                size_t rows = i % ROWS + 1;
                _cleanup_free_ char *ours = NULL, *library = NULL;

                make_cells(texts, cells);
                assert_true(plain_table_can_print(cells, rows * COLUMNS));
                ours = plain_table_format(columns, COLUMNS, cells, rows, i % 2);
                library = format_by_library(cells, rows, i % 2);
                assert_string_equal(ours, library);
        }
}

static void test_not_plain(_unused_ void **state) {
        static const char *const texts[] = { "a\nb", "\033[1m", "\x7f", "caf\xc3\xa9", "a\\x41" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                char *cells[] = { (char *) "plain", (char *) texts[i] };

                assert_false(plain_table_can_print(cells, 2));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_same), cmocka_unit_test(test_not_plain) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
