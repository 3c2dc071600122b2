/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json-plan.h"

#include <errno.h>

#include "cmd/show/json-summary.h"
#include "plan/show/show.h"
#include "plan/show/summary.h"

typedef struct JsonPrinter {
        JsonLibrary lib;
        json_t *root;
        json_t *section; /* borrowed from root */
        bool oom;
} JsonPrinter;

/* Takes over value, and frees it on an error. */
static void set(JsonPrinter *p, json_t *object, const char *key, json_t *value) {
        if (p->lib.json_object_set_new(object, key, value) < 0)
                p->oom = true;
}

/* The same for an array. */
static void append(JsonPrinter *p, json_t *array, json_t *value) {
        if (p->lib.json_array_append_new(array, value) < 0)
                p->oom = true;
}

static json_t *text(JsonPrinter *p, const char *s) {
        return json_library_text(&p->lib, s);
}

static void add_section(void *userdata, const char *name) {
        JsonPrinter *p = userdata;

        p->section = p->lib.json_array();
        set(p, p->root, name, p->section);
}

static json_t *make_origin(JsonPrinter *p, const Origin *origin) {
        return json_origin(&p->lib, origin->file, origin->line);
}

static void add_entry(void *userdata, const char *key, const char *value, const Origin *origin, const char *by) {
        JsonPrinter *p = userdata;
        json_t *entry = p->lib.json_object();

        set(p, entry, "key", text(p, key));
        set(p, entry, "value", text(p, value));
        if (origin)
                set(p, entry, "origin", make_origin(p, origin));
        if (by)
                set(p, entry, "by", text(p, by));
        append(p, p->section, entry);
}

static const char *const sides[] = {
        [SIDE_ADMINISTRATOR] = "administrator", [SIDE_PROGRAM] = "program", [SIDE_AROUND] = "around",
};

static void add_decision(void *userdata, const Decision *d, const char *key, const char *value) {
        JsonPrinter *p = userdata;
        json_t *lost = p->lib.json_object(), *entry;

        set(p, lost, "value", text(p, d->lost_value));
        set(p, lost, "origin", make_origin(p, &d->lost));
        set(p, lost, "by", text(p, sides[d->loses]));
        add_entry(p, key, value, d->decides == SIDE_AROUND ? NULL : &d->origin, sides[d->decides]);
        entry = p->lib.json_array_get(p->section, p->lib.json_array_size(p->section) - 1);
        set(p, entry, "lost", lost);
}

static int add_summary(JsonPrinter *p, const Summary *made) {
        _cleanup_free_ char *words = NULL;
        json_t *summary;
        size_t size;
        FILE *f = open_memstream(&words, &size);
        int r = f ? 0 : -ENOMEM;

        if (f) {
                summary_write(made, f);
                r = fclose(f) != 0 ? -ENOMEM : 0;
        }
        if (r >= 0)
                r = json_summary(&p->lib, words, &summary);
        if (r >= 0)
                set(p, p->root, "summary", summary);
        return r;
}

static int print(const JsonPrinter *p, FILE *f) {
        errno = 0;
        if (p->lib.json_dumpf(p->root, f, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
                return errno ? -errno : -EIO;
        return fputc('\n', f) == EOF ? -EIO : 0;
}

/* Returns r, or the error of printing, reported. */
static int finish(JsonPrinter *p, int r, FILE *f, Report *report) {
        if (r >= 0)
                r = p->oom ? -ENOMEM : print(p, f);
        if (p->root) /* nothing else refers to it */
                p->lib.json_delete(p->root);
        return r < 0 ? report_error(report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
}

static const PlanPrinter functions = { add_section, add_entry, add_decision };

int json_print_entries(const Entries *e, FILE *f, Report *report) {
        _cleanup_(summary_deinit) Summary summary = {};
        JsonPrinter printer = {};
        int r = json_library_load(&printer.lib, "--json", report);

        if (r < 0)
                return r;
        printer.root = printer.lib.json_object();
        r = printer.root ? e->summarize(e->subject, &summary) : -ENOMEM;
        if (r >= 0)
                r = add_summary(&printer, &summary);
        if (r >= 0)
                r = e->print(e->subject, &functions, &printer);
        return finish(&printer, r, f, report);
}

int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report) {
        _cleanup_(summary_deinit) Summary summary = {};
        JsonPrinter printer = {};
        int r;

        r = json_library_load(&printer.lib, "--json", report);
        if (r < 0)
                return r;
        printer.root = printer.lib.json_object();
        r = printer.root ? plan_summarize(plan, policy, &summary) : -ENOMEM;
        if (r >= 0)
                r = add_summary(&printer, &summary);
        if (r >= 0)
                r = plan_print(plan, policy, &functions, &printer);
        return finish(&printer, r, f, report);
}
