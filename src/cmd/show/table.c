/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/table.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/instance/flows.h"
#include "cmd/show/format.h"
#include "cmd/show/plain-table.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/text.h"

enum { NAME, POLICY, STATE, MEMORY, TASKS, CPU, SHARE, FLOWS, SPEED, AGE, USER, UNIT, COMMAND, COLUMNS };

static const struct {
        const char *name;
        double width;
        int flags;
} columns[COLUMNS] = {
        [NAME] = { "NAME", 1, SCOLS_FL_TREE },    [POLICY] = { "POLICY", 1, 0 },
        [STATE] = { "STATE", 1, 0 },              [MEMORY] = { "MEMORY", 1, SCOLS_FL_RIGHT },
        [TASKS] = { "TASKS", 1, SCOLS_FL_RIGHT }, [CPU] = { "CPU", 1, SCOLS_FL_RIGHT },
        [SHARE] = { "%CPU", 1, SCOLS_FL_RIGHT },  [AGE] = { "AGE", 1, SCOLS_FL_RIGHT },
        [FLOWS] = { "FLOWS", 1, SCOLS_FL_RIGHT }, [SPEED] = { "NET/S", 1, SCOLS_FL_RIGHT },
        [USER] = { "USER", 1, 0 },                [UNIT] = { "UNIT", 1, 0 },
        [COMMAND] = { "COMMAND", 0.5, SCOLS_FL_TRUNC },
};

Usage usage_measure(const InstanceList *list, const Instance *i) {
        Usage u = { .share = -1, .speed = -1, .kernel = i->usage };

        if (!i->measured) {
                _cleanup_close_ int fd = instance_open(list, i);

                if (fd >= 0)
                        u.kernel = instance_measure(fd);
        }
        return u;
}

void usage_ask_flows(Usage *u, const Instance *i) {
        enum { PATIENCE_USEC = 200000 }; /* the next round asks again */
        _cleanup_(flows_deinit) Flows flows = {};
        Report silent = {};

        if (!flows_can_ask(i) ||
            flows_ask(i, FLOWS_SUM, NULL, clock_usec(CLOCK_MONOTONIC) + PATIENCE_USEC, &flows, &silent) <= 0)
                return;
        u->has_flows = true;
        u->flows = flows.n_peers + flows.n_clients;
        u->moved = flows.sent + flows.received;
}

static bool any_has_flows(const Usage *usages, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (usages[i].has_flows)
                        return true;
        return false;
}

/* isoctl top has a column for the share, and no room for the user and the unit. */
static bool has_column(const TableStyle *style, bool flows, size_t column) {
        if (column == FLOWS || column == SPEED)
                return flows;
        return column == SHARE ? style->share : column == USER || column == UNIT ? !style->share : true;
}

/* Fills ret with the texts of a line, each on the heap. Returns 0 or -ENOMEM; the caller frees what is there in either
 * case. */
static int make_cells(const Instance *i, const char *user, const Usage *u, const TableStyle *style, bool has_flows,
                      char **ret) {
        _cleanup_free_ char *name = i->nested ? strdup(i->name) : instance_full_name(i);
        char memory[FORMAT_MAX] = "-", tasks[FORMAT_MAX] = "-", cpu[FORMAT_MAX] = "-", share[FORMAT_MAX] = "-",
             age[FORMAT_MAX] = "-", flows[FORMAT_MAX] = "-", speed[FORMAT_MAX] = "-";
        const char *texts[COLUMNS] = {
                [NAME] = name, [USER] = user, [POLICY] = i->policy, [STATE] = instance_state(i), [MEMORY] = memory,
                [TASKS] = tasks, [CPU] = cpu, [SHARE] = share, [FLOWS] = flows, [SPEED] = speed, [AGE] = age,
                [UNIT] = i->unit, [COMMAND] = i->command,
        };
        size_t place = 0;

        if (!name)
                return -ENOMEM;
        if (u->kernel.has_memory)
                format_bytes(memory, u->kernel.memory);
        if (u->kernel.has_tasks)
                snprintf(tasks, sizeof(tasks), "%" PRIu64, u->kernel.tasks);
        if (u->kernel.has_cpu)
                format_span(cpu, u->kernel.cpu_usec);
        if (u->share >= 0)
                snprintf(share, sizeof(share), "%.1f", u->share);
        if (u->has_flows)
                snprintf(flows, sizeof(flows), "%" PRIu64, u->flows);
        if (u->speed >= 0)
                format_bytes(speed, (uint64_t) u->speed);
        if (i->started_usec)
                format_age(age, i->started_usec);
        for (size_t c = 0; c < COLUMNS; c++)
                if (has_column(style, has_flows, c)) {
                        ret[place] = strdup(texts[c] ?: "-");
                        if (!ret[place++])
                                return -ENOMEM;
                }
        return 0;
}

typedef struct Cells {
        PlainColumn columns[COLUMNS];
        size_t places[COLUMNS]; /* in the table of all columns */
        size_t n_columns, n;
        char **texts;
} Cells;

static void cells_deinit(Cells *cells) {
        for (size_t i = 0; cells->texts && i < cells->n; i++)
                free(cells->texts[i]);
        free(cells->texts);
}

static int cells_init(Cells *cells, const InstanceList *list, const Usage *usages, const TableStyle *style) {
        const bool has_flows = any_has_flows(usages, list->n);
        const Instance *before = NULL;
        _cleanup_free_ char *user = NULL;
        int r;

        for (size_t c = 0; c < COLUMNS; c++)
                if (has_column(style, has_flows, c)) {
                        cells->places[cells->n_columns] = c;
                        cells->columns[cells->n_columns++] =
                                (PlainColumn) { columns[c].name, columns[c].flags & SCOLS_FL_RIGHT };
                }
        cells->n = list->n * cells->n_columns;
        cells->texts = calloc(cells->n, sizeof(char *));
        r = cells->texts ? 0 : -ENOMEM;
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                r = instance_next_runner(&list->items[i], &before, &user);
                if (r >= 0)
                        r = make_cells(&list->items[i], user, &usages[i], style, has_flows,
                                       cells->texts + i * cells->n_columns);
        }
        return r;
}

/* Whether libsmartcols is not needed. */
static bool is_plain(const Cells *cells, const InstanceList *list, const TableStyle *style) {
        if (style->colours || style->width || isatty(STDOUT_FILENO))
                return false;
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].nested)
                        return false;
        return plain_table_can_print(cells->texts, cells->n);
}

static int fill_table(struct libscols_table *table, const InstanceList *list, const Cells *cells,
                      const TableStyle *style) {
        _cleanup_free_ struct libscols_line **lines = calloc(list->n, sizeof(lines[0]));
        int r = lines ? 0 : -ENOMEM;

        for (size_t c = 0; r >= 0 && c < cells->n_columns; c++) {
                size_t k = cells->places[c];
                struct libscols_column *column =
                        scols_table_new_column(table, columns[k].name, columns[k].width, columns[k].flags);

                if (!column)
                        return -ENOMEM;
                if (style->colours)
                        scols_cell_set_color(scols_column_get_header(column), "bold");
        }
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Instance *item = &list->items[i];

                lines[i] = scols_table_new_line(table, item->nested ? lines[item->parent] : NULL);
                r = lines[i] ? 0 : -ENOMEM;
                for (size_t c = 0; r >= 0 && c < cells->n_columns; c++) /* the library escapes control characters */
                        r = scols_line_set_data(lines[i], c, cells->texts[i * cells->n_columns + c]);
                if (r >= 0 && style->colours && item->frozen)
                        r = scols_line_set_color(lines[i], "yellow");
        }
        return r;
}

static char *format_by_library(const InstanceList *list, const Cells *cells, const TableStyle *style) {
        _cleanup_text_ Text text = {};
        struct libscols_table *table;
        int r;

        if (text_open(&text) < 0)
                return NULL;
        table = scols_new_table();
        if (!table)
                return NULL;
        scols_table_enable_noheadings(table, !style->legend);
        scols_table_enable_colors(table, style->colours);
        if (style->width) {
                scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
                scols_table_set_termwidth(table, style->width);
        }
        r = fill_table(table, list, cells, style);
        if (r >= 0)
                r = scols_table_set_stream(table, text.f);
        if (r >= 0) /* scols_print_table_to_string() leaves out the last newline */
                r = scols_print_table(table);
        scols_unref_table(table);
        return r < 0 ? NULL : text_finish(&text);
}

char *table_format(const InstanceList *list, const Usage *usages, const TableStyle *style) {
        _cleanup_(cells_deinit) Cells cells = {};

        if (list->n == 0)
                return strdup("");
        if (cells_init(&cells, list, usages, style) < 0)
                return NULL;
        if (is_plain(&cells, list, style))
                return plain_table_format(cells.columns, cells.n_columns, cells.texts, list->n, style->legend);
        return format_by_library(list, &cells, style);
}
