/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json-plan.h"

#include <errno.h>

#include "plan/show/show.h"
#include "util/escape.h"

typedef struct JsonPrinter {
        FILE *f;
        unsigned n_sections, n_entries; /* entries: of the present section */
} JsonPrinter;

/* In layout, each % is the next text as a JSON string. */
static void print(FILE *f, const char *layout, const char *const *texts) {
        for (; *layout; layout++)
                if (*layout == '%')
                        escape_json(f, *texts++);
                else
                        fputc(*layout, f);
}

static void end_section(const JsonPrinter *p) {
        if (p->n_sections > 0)
                fputs(p->n_entries > 0 ? "\n  ]" : "]", p->f);
}

static void add_section(void *userdata, const char *name) {
        JsonPrinter *p = userdata;

        end_section(p);
        print(p->f, p->n_sections++ > 0 ? ",\n  %: [" : "{\n  %: [", &name);
        p->n_entries = 0;
}

static void add_entry(void *userdata, const char *key, const char *value, const Origin *origin) {
        JsonPrinter *p = userdata;

        fputs(p->n_entries++ > 0 ? "," : "", p->f);
        print(p->f, "\n    {\n      \"key\": %,\n      \"value\": %", (const char *[]) { key, value });
        if (origin) {
                fputs(",\n      \"origin\": {\n        \"file\": ", p->f);
                print(p->f, origin->file ? "%" : "null", &origin->file);
                fprintf(p->f, ",\n        \"line\": %u\n      }", origin->line);
        }
        fputs("\n    }", p->f);
}

int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report) {
        static const PlanPrinter functions = { add_section, add_entry };
        JsonPrinter printer = { .f = f };
        int r;

        errno = 0;
        r = plan_print(plan, policy, &functions, &printer);
        if (r >= 0) {
                end_section(&printer);
                fputs("\n}\n", f);
                r = ferror(f) || fflush(f) == EOF ? (errno ? -errno : -EIO) : 0;
        }
        return r < 0 ? report_error(report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
}
