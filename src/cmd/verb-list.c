/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl list: the running instances, those that are nested in one below it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <libsmartcols.h>
#include <stdio.h>

#include "cmd/common.h"
#include "cmd/format.h"
#include "cmd/instance.h"
#include "cmd/json.h"
#include "cmd/verb.h"
#include "plan/plan.h"
#include "util/escape.h"
#include "util/fd.h"

enum { NAME, POLICY, STATE, MEMORY, TASKS, CPU, AGE, COMMAND, COLUMNS };

static const struct {
        const char *name;
        double width;
        int flags;
} columns[COLUMNS] = {
        [NAME] = { "NAME", 1, SCOLS_FL_TREE },   [POLICY] = { "POLICY", 1, 0 },
        [STATE] = { "STATE", 1, 0 },             [MEMORY] = { "MEMORY", 1, SCOLS_FL_RIGHT },
        [TASKS] = { "TASKS", 1, SCOLS_FL_RIGHT }, [CPU] = { "CPU", 1, SCOLS_FL_RIGHT },
        [AGE] = { "AGE", 1, SCOLS_FL_RIGHT },    [COMMAND] = { "COMMAND", 0.5, SCOLS_FL_TRUNC },
};

/* What the kernel counts; has: bit N for column N. */
typedef struct Usage {
        uint64_t memory, tasks, cpu_usec;
        unsigned has;
} Usage;

static Usage measure(const InstanceList *list, const Instance *i) {
        _cleanup_close_ int fd = instance_open(list, i);
        Usage u = {};

        if (fd < 0)
                return u;
        u.has |= instance_number(fd, "memory.current", NULL, &u.memory) >= 0 ? 1U << MEMORY : 0;
        u.has |= instance_number(fd, "pids.current", NULL, &u.tasks) >= 0 ? 1U << TASKS : 0;
        u.has |= instance_number(fd, "cpu.stat", "usage_usec", &u.cpu_usec) >= 0 ? 1U << CPU : 0;
        return u;
}

static int fill_line(struct libscols_line *line, const InstanceList *list, const Instance *i) {
        Usage u = measure(list, i);
        char memory[FORMAT_MAX] = "-", tasks[FORMAT_MAX] = "-", cpu[FORMAT_MAX] = "-", age[FORMAT_MAX] = "-";
        const char *texts[COLUMNS] = {
                [NAME] = i->name, [POLICY] = i->policy, [STATE] = i->frozen ? "frozen" : "running",
                [MEMORY] = memory, [TASKS] = tasks, [CPU] = cpu, [AGE] = age, [COMMAND] = i->command,
        };
        int r = 0;

        if (u.has & 1U << MEMORY)
                format_bytes(memory, u.memory);
        if (u.has & 1U << TASKS)
                snprintf(tasks, sizeof(tasks), "%" PRIu64, u.tasks);
        if (u.has & 1U << CPU)
                format_span(cpu, u.cpu_usec);
        if (i->started_usec)
                format_age(age, i->started_usec);
        for (size_t c = 0; r >= 0 && c < COLUMNS; c++)
                r = scols_line_set_data(line, c, texts[c] ?: "-"); /* escapes control characters when it prints */
        return r;
}

static int fill_table(struct libscols_table *table, const InstanceList *list) {
        _cleanup_free_ struct libscols_line **lines = calloc(list->n + 1, sizeof(lines[0]));
        int r = lines ? 0 : -ENOMEM;

        for (size_t c = 0; r >= 0 && c < COLUMNS; c++)
                if (!scols_table_new_column(table, columns[c].name, columns[c].width, columns[c].flags))
                        r = -ENOMEM;
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Instance *item = &list->items[i];

                lines[i] = scols_table_new_line(table, item->nested ? lines[item->parent] : NULL);
                r = lines[i] ? fill_line(lines[i], list, item) : -ENOMEM;
        }
        return r;
}

static int print_table(const InstanceList *list, bool legend, Report *report) {
        struct libscols_table *table = scols_new_table();
        int r;

        if (!table)
                return report_oom(report);
        scols_table_enable_noheadings(table, !legend);
        r = fill_table(table, list);
        if (r >= 0 && list->n > 0)
                r = scols_print_table(table);
        scols_unref_table(table);
        return r < 0 ? report_error(report, -r, "printing: %s", strerror(-r)) : 0;
}

static json_t *number(const Usage *u, unsigned column, uint64_t value) {
        return u->has & 1U << column ? json_integer((json_int_t) value) : json_null();
}

static json_t *object(const InstanceList *list, const Instance *i) {
        Usage u = measure(list, i);

        return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", json_text(i->name), "policy",
                         i->policy ? json_text(i->policy) : json_null(), "state", i->frozen ? "frozen" : "running",
                         "memory", number(&u, MEMORY, u.memory), "tasks", number(&u, TASKS, u.tasks), "cpu_usec",
                         number(&u, CPU, u.cpu_usec), "started_usec",
                         i->started_usec ? json_integer((json_int_t) i->started_usec) : json_null(), "command",
                         i->command ? json_text(i->command) : json_null(), "cgroup", json_text(i->cgroup), "nested",
                         json_array());
}

static int print_json(const InstanceList *list, Report *report) {
        _cleanup_free_ json_t **objects = calloc(list->n + 1, sizeof(objects[0]));
        json_t *root = json_array();
        int r = objects && root ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Instance *item = &list->items[i];
                json_t *into = item->nested ? json_object_get(objects[item->parent], "nested") : root;

                objects[i] = object(list, item);
                if (json_array_append_new(into, objects[i]) < 0)
                        r = -ENOMEM;
        }
        if (r >= 0 && json_dumpf(root, stdout, JSON_INDENT(2)) < 0)
                r = -EIO;
        json_decref(root);
        putchar('\n');
        return r < 0 ? report_error(report, -r, "printing JSON: %s", strerror(-r)) : 0;
}

static int print_names(const InstanceList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (!list->items[i].nested) {
                        escape_write(stdout, list->items[i].name); /* of a unit that is no isorun's, anything */
                        putchar('\n');
                }
        return 0;
}

int verb_list(int argc, char *argv[], Report *report) {
        static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                                 { "no-legend", no_argument, NULL, 'n' },
                                                 { "quiet", no_argument, NULL, 'q' },
                                                 {} };
        _cleanup_(instances_deinit) InstanceList list = {};
        bool json = false, legend = true, quiet = false;
        int c, r;

        optind = 0;
        while ((c = getopt_long(argc, argv, "q", options, NULL)) >= 0) {
                if (c == '?')
                        return PLAN_FAILED;
                json = json || c == 'j';
                legend = legend && c != 'n';
                quiet = quiet || c == 'q';
        }

        r = instances_find(&list, report);
        if (r >= 0 && optind < argc)
                instances_keep_named(&list, argv + optind);
        if (r >= 0)
                r = json ? print_json(&list, report) : quiet ? print_names(&list) : print_table(&list, legend, report);
        if (r >= 0)
                r = flush_output(report);
        return r < 0 ? PLAN_FAILED : 0;
}
