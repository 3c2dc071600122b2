/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json-plan.h"

#include <errno.h>
#include <jansson.h>

#include "plan/show/show.h"
#include "util/escape.h"
#include "util/library.h"

LIBRARY_NOTE(json, "json", "Plans as JSON", "suggested", "libjansson.so.4");

#define JSON_FUNCTIONS(X)        \
        X(json_object)           \
        X(json_array)            \
        X(json_string)           \
        X(json_integer)          \
        X(json_null)             \
        X(json_object_set_new)   \
        X(json_array_append_new) \
        X(json_dumpf)            \
        X(json_delete)

typedef struct JsonLibrary {
#define X(f) typeof(&f) f;
        JSON_FUNCTIONS(X)
#undef X
} JsonLibrary;

typedef struct JsonPrinter {
        JsonLibrary lib;
        json_t *root;
        json_t *section; /* borrowed from root */
        bool oom;
} JsonPrinter;

static int load(JsonLibrary *lib) {
        static const char *const names[] = {
#define X(f) #f,
                JSON_FUNCTIONS(X)
#undef X
        };

        return library_load("libjansson.so.4", names, ELEMENTSOF(names), lib);
}

/* Takes over value, and frees it on an error. */
static void set(JsonPrinter *p, json_t *object, const char *key, json_t *value) {
        if (p->lib.json_object_set_new(object, key, value) < 0)
                p->oom = true;
}

/* Bytes that are not UTF-8 are written as \xHH. */
static json_t *text(JsonPrinter *p, const char *s) {
        json_t *value = p->lib.json_string(s);
        _cleanup_free_ char *escaped = value ? NULL : escape(s);

        return escaped ? p->lib.json_string(escaped) : value;
}

static void add_section(void *userdata, const char *name) {
        JsonPrinter *p = userdata;

        p->section = p->lib.json_array();
        set(p, p->root, name, p->section);
}

static json_t *make_origin(JsonPrinter *p, const Origin *origin) {
        json_t *object = p->lib.json_object();

        set(p, object, "file", origin->file ? text(p, origin->file) : p->lib.json_null());
        set(p, object, "line", p->lib.json_integer(origin->line));
        return object;
}

static void add_entry(void *userdata, const char *key, const char *value, const Origin *origin) {
        JsonPrinter *p = userdata;
        json_t *entry = p->lib.json_object();

        set(p, entry, "key", text(p, key));
        set(p, entry, "value", text(p, value));
        if (origin)
                set(p, entry, "origin", make_origin(p, origin));
        if (p->lib.json_array_append_new(p->section, entry) < 0)
                p->oom = true;
}

static int print(const JsonPrinter *p, FILE *f) {
        errno = 0;
        if (p->lib.json_dumpf(p->root, f, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
                return errno ? -errno : -EIO;
        return fputc('\n', f) == EOF ? -EIO : 0;
}

int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report) {
        static const PlanPrinter functions = { add_section, add_entry };
        JsonPrinter printer = {};
        int r;

        r = load(&printer.lib);
        if (r < 0)
                return report_error(report, -r, "--json needs libjansson.so.4%s", library_advice());
        printer.root = printer.lib.json_object();
        r = printer.root ? plan_print(plan, policy, &functions, &printer) : -ENOMEM;
        if (r >= 0)
                r = printer.oom ? -ENOMEM : print(&printer, f);
        if (printer.root) /* nothing else refers to it */
                printer.lib.json_delete(printer.root);
        return r < 0 ? report_error(report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
}
