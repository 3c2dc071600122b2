/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json.h"

#include <errno.h>
#include <jansson.h>

#include "plan/show/show.h"
#include "util/escape.h"

typedef struct JsonPrinter {
        json_t *root;
        json_t *section; /* borrowed from root */
        bool oom;
} JsonPrinter;

json_t *json_text(const char *s) {
        json_t *value = json_string(s);
        char *escaped;

        if (value)
                return value;
        escaped = escape(s);
        value = escaped ? json_string(escaped) : NULL;
        free(escaped);
        return value;
}

int json_print(const json_t *value, FILE *f) {
        errno = 0;
        if (json_dumpf(value, f, JSON_INDENT(2)) < 0)
                return errno ? -errno : -EIO;
        return fputc('\n', f) == EOF ? -EIO : 0;
}

static void add_section(void *userdata, const char *name) {
        JsonPrinter *p = userdata;

        p->section = json_array();
        if (json_object_set_new(p->root, name, p->section) < 0)
                p->oom = true;
}

static json_t *json_origin(const Origin *origin) {
        return json_pack("{s:o, s:i}", "file", origin->file ? json_text(origin->file) : json_null(), "line",
                         (int) origin->line);
}

static void add_entry(void *userdata, const char *key, const char *value, const Origin *origin) {
        json_t *entry = json_pack("{s:o, s:o}", "key", json_text(key), "value", json_text(value));
        JsonPrinter *p = userdata;

        if (origin && json_object_set_new(entry, "origin", json_origin(origin)) < 0)
                p->oom = true;
        /* If the section could not be made, oom is already set. */
        if (json_array_append_new(p->section, entry) < 0)
                p->oom = true;
}

int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report) {
        static const PlanPrinter functions = { add_section, add_entry };
        JsonPrinter printer = { .root = json_object() };
        int r;

        if (!printer.root)
                return report_oom(report);
        r = plan_print(plan, policy, &functions, &printer);
        if (r >= 0)
                r = printer.oom ? -ENOMEM : json_print(printer.root, f);
        json_decref(printer.root);
        return r < 0 ? report_error(report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
}
