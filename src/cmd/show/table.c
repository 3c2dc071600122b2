/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/table.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>

#include "cmd/instance/flows.h"
#include "cmd/show/format.h"
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
        _cleanup_close_ int fd = instance_open(list, i);
        Usage u = { .share = -1, .speed = -1 };

        if (fd < 0)
                return u;
        u.has_memory = instance_number(fd, "memory.current", NULL, &u.memory) >= 0;
        u.has_tasks = instance_number(fd, "pids.current", NULL, &u.tasks) >= 0;
        u.has_cpu = instance_number(fd, "cpu.stat", "usage_usec", &u.cpu_usec) >= 0;
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

static int fill_line(struct libscols_line *line, const Instance *i, const char *user, const Usage *u,
                     const TableStyle *style, bool has_flows) {
        _cleanup_free_ char *name = i->nested ? strdup(i->name) : instance_full_name(i);
        char memory[FORMAT_MAX] = "-", tasks[FORMAT_MAX] = "-", cpu[FORMAT_MAX] = "-", share[FORMAT_MAX] = "-",
             age[FORMAT_MAX] = "-", flows[FORMAT_MAX] = "-", speed[FORMAT_MAX] = "-";
        const char *texts[COLUMNS] = {
                [NAME] = name, [USER] = user, [POLICY] = i->policy, [STATE] = instance_state(i), [MEMORY] = memory,
                [TASKS] = tasks, [CPU] = cpu, [SHARE] = share, [FLOWS] = flows, [SPEED] = speed, [AGE] = age,
                [UNIT] = i->unit, [COMMAND] = i->command,
        };
        int r = name ? 0 : -ENOMEM, place = 0;

        if (u->has_memory)
                format_bytes(memory, u->memory);
        if (u->has_tasks)
                snprintf(tasks, sizeof(tasks), "%" PRIu64, u->tasks);
        if (u->has_cpu)
                format_span(cpu, u->cpu_usec);
        if (u->share >= 0)
                snprintf(share, sizeof(share), "%.1f", u->share);
        if (u->has_flows)
                snprintf(flows, sizeof(flows), "%" PRIu64, u->flows);
        if (u->speed >= 0)
                format_bytes(speed, (uint64_t) u->speed);
        if (i->started_usec)
                format_age(age, i->started_usec);
        for (size_t c = 0; r >= 0 && c < COLUMNS; c++)
                if (has_column(style, has_flows, c))
                        /* libsmartcols escapes control characters when it prints. */
                        r = scols_line_set_data(line, place++, texts[c] ?: "-");
        if (r >= 0 && style->colours && i->frozen)
                r = scols_line_set_color(line, "yellow");
        return r;
}

static int fill_table(struct libscols_table *table, const InstanceList *list, const Usage *usages,
                      const TableStyle *style) {
        _cleanup_free_ struct libscols_line **lines = calloc(list->n + 1, sizeof(lines[0]));
        const bool has_flows = any_has_flows(usages, list->n);
        const Instance *before = NULL;
        _cleanup_free_ char *user = NULL;
        int r = lines ? 0 : -ENOMEM;

        for (size_t c = 0; r >= 0 && c < COLUMNS; c++) {
                struct libscols_column *column;

                if (!has_column(style, has_flows, c))
                        continue;
                column = scols_table_new_column(table, columns[c].name, columns[c].width, columns[c].flags);
                if (!column)
                        return -ENOMEM;
                if (style->colours)
                        scols_cell_set_color(scols_column_get_header(column), "bold");
        }
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Instance *item = &list->items[i];

                lines[i] = scols_table_new_line(table, item->nested ? lines[item->parent] : NULL);
                r = lines[i] ? instance_next_runner(item, &before, &user) : -ENOMEM;
                if (r >= 0)
                        r = fill_line(lines[i], item, user, &usages[i], style, has_flows);
        }
        return r;
}

char *table_format(const InstanceList *list, const Usage *usages, const TableStyle *style) {
        _cleanup_text_ Text text = {};
        struct libscols_table *table;
        int r;

        if (list->n == 0)
                return strdup("");
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
        r = fill_table(table, list, usages, style);
        if (r >= 0)
                r = scols_table_set_stream(table, text.f);
        if (r >= 0) /* scols_print_table_to_string() leaves out the last newline */
                r = scols_print_table(table);
        scols_unref_table(table);
        return r < 0 ? NULL : text_finish(&text);
}
