/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl list: prints the running instances. Nested instances are below the one that they are in. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/show/json-instance.h"
#include "cmd/show/json.h"
#include "cmd/show/table.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/escape.h"

static int print_table(const InstanceList *list, bool legend, Report *report) {
        _cleanup_free_ Usage *usages = calloc(list->n + 1, sizeof(Usage));
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; usages && i < list->n; i++)
                usages[i] = usage_measure(list, &list->items[i]);
        if (usages)
                text = table_format(list, usages, &(TableStyle) { .legend = legend, .colours = output_has_colours() });
        if (!text)
                return report_oom(report);
        fputs(text, stdout);
        return 0;
}

static int print_json(const InstanceList *list, Report *report) {
        _cleanup_free_ json_t **objects = calloc(list->n + 1, sizeof(objects[0]));
        json_t *root = json_array();
        int r = objects && root ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Instance *item = &list->items[i];
                json_t *into = item->nested ? json_object_get(objects[item->parent], "nested") : root;

                Usage usage = usage_measure(list, item);

                objects[i] = json_instance(item, &usage);
                if (json_object_set_new(objects[i], "nested", json_array()) < 0 ||
                    json_array_append_new(into, objects[i]) < 0)
                        r = -ENOMEM;
        }
        if (r >= 0)
                r = json_print(root, stdout);
        json_decref(root);
        return r < 0 ? report_error(report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
}

static int print_names(const InstanceList *list, Report *report) {
        for (size_t i = 0; i < list->n; i++) {
                _cleanup_free_ char *name = NULL;

                if (list->items[i].nested)
                        continue;
                name = instance_full_name(&list->items[i]);
                if (!name)
                        return report_oom(report);
                escape_write(stdout, name); /* the unit may have any name if isorun did not make it */
                putchar('\n');
        }
        return 0;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        const bool legend = !command_line_has(line, ARG_NO_LEGEND);
        int r;

        r = command_line_has(line, 'q') ? instances_find(&list, report) : instances_find_measured(&list, report);
        if (r >= 0 && line->n_arguments > 0)
                instances_keep_named(&list, line->arguments);
        if (r >= 0)
                r = command_line_has(line, ARG_JSON) ? print_json(&list, report)
                    : command_line_has(line, 'q')    ? print_names(&list, report)
                                                     : print_table(&list, legend, report);
        if (r >= 0)
                r = flush_output(report);
        return r < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON, with all columns and the cgroup" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        { 'q', "quiet", "print only names, and no nested instances" },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED }, {} };

const Verb verb_list = {
        .name = "list",
        .help = "list running instances",
        .details = "An indented instance is nested in another. The outer instance supplies the data about the inner\n"
                   "instance, and may lie.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
