/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/text.h"

#include <errno.h>

#include "plan/show/show.h"
#include "plan/show/summary.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct TextPrinter {
        FILE *f;
        bool begun; /* something stands above the first section */
        Text line, origin; /* reused for each entry */
        const char **way;  /* in a tree: the paths of the entries around the last one; borrowed from the plan */
        size_t n_way;
        bool oom;
} TextPrinter;

static void print_section(void *userdata, const char *name) {
        TextPrinter *p = userdata;

        fprintf(p->f, "%s%s\n", p->begun ? "\n" : "", name);
        p->begun = true;
}

static void begin_line(TextPrinter *p, size_t depth, const char *key, const char *value) {
        static const char indent[] = "  ", padding[] = "                        ";
        Text *line = &p->line;
        size_t width;

        line->size = 0;
        text_add(line, indent);
        for (size_t i = 0; i < depth; i++)
                text_add(line, indent);
        escape_add(line, key);
        width = line->size - strlen(indent);
        text_add(line, padding + (width < strlen(padding) ? width : strlen(padding) - 1));
        escape_add(line, value);
}

static void end_line(TextPrinter *p) {
        text_add_char(&p->line, '\n');
        if (!p->line.failed)
                fwrite(p->line.bytes, 1, p->line.size, p->f);
}

static void add_origin(TextPrinter *p, const char *before, Origin origin) {
        p->origin.size = 0;
        origin_add(&p->origin, origin);
        text_add(&p->line, before);
        escape_add(&p->line, p->origin.bytes ?: "");
}

/* Prints an entry below depth others. */
static void print_line(TextPrinter *p, size_t depth, const char *key, const char *value, const Origin *origin,
                       const char *by) {
        begin_line(p, depth, key, value);
        if (origin)
                add_origin(p, "   # ", *origin);
        if (by) {
                text_add(&p->line, ", ");
                text_add(&p->line, by);
        }
        end_line(p);
}

static void print_entry(void *userdata, const char *key, const char *value, const Origin *origin, const char *by) {
        print_line(userdata, 0, key, value, origin, by);
}

static void print_decision(void *userdata, const Decision *d, const char *key, const char *value) {
        TextPrinter *p = userdata;

        begin_line(p, 0, key, value);
        if (d->decides == SIDE_AROUND)
                text_add(&p->line, ", by the sandbox around isorun; lost: ");
        else {
                add_origin(p, d->decides == SIDE_PROGRAM ? ", by the program (" : ", by the administrator (",
                           d->origin);
                text_add(&p->line, "); lost: ");
        }
        escape_add(&p->line, d->lost_value);
        add_origin(p, "   # ", d->lost);
        end_line(p);
}

/* Prints the part of a path that the entry around it does not have. A directory comes before its contents. */
static void print_branch(void *userdata, const char *key, const char *value, const Origin *origin, const char *by) {
        TextPrinter *p = userdata;
        const char *around, **slot;
        size_t depth;

        while (p->n_way > 0 && !path_is_below(key, p->way[p->n_way - 1]))
                p->n_way--;
        depth = p->n_way;
        around = depth > 0 ? p->way[depth - 1] : "";
        print_line(p, depth, key + (depth > 1 ? strlen(around) + 1 : 0), value, origin, by);
        slot = ARRAY_APPEND(p->way, p->n_way);
        if (slot)
                *slot = key;
        else
                p->oom = true;
}

static int print_summary(const Plan *plan, const Policy *policy, FILE *f) {
        _cleanup_(summary_deinit) Summary summary = {};
        int r = plan_summarize(plan, policy, &summary);

        return r < 0 ? r : summary_print(&summary, f);
}

static int finish(TextPrinter *text, int r) {
        if (text->line.failed || text->origin.failed || text->oom)
                r = -ENOMEM;
        text_deinit(&text->line);
        text_deinit(&text->origin);
        free(text->way);
        return r;
}

static const PlanPrinter list = { print_section, print_entry, print_decision },
                         tree = { print_section, print_branch, print_decision };

int entries_print_text(const Entries *e, PlanForm form, FILE *f) {
        _cleanup_(summary_deinit) Summary summary = {};
        TextPrinter text = { .f = f, .begun = true };
        int r = e->summarize(e->subject, &summary);

        if (r >= 0)
                r = summary_print(&summary, f);
        if (r >= 0 && form == FORM_WHOLE)
                r = e->print(e->subject, &list, &text);
        else if (r >= 0 && form == FORM_TREE)
                r = e->print_root(e->subject, &tree, &text);
        return finish(&text, r);
}

int plan_print_text(const Plan *plan, const Policy *policy, PlanForm form, FILE *f) {
        TextPrinter text = { .f = f, .begun = true };
        int r = print_summary(plan, policy, f);

        if (r >= 0 && form == FORM_WHOLE)
                r = plan_print(plan, policy, &list, &text);
        else if (r >= 0 && form == FORM_TREE)
                r = plan_print_root(plan, policy, &tree, &text);
        if (r >= 0 && form != FORM_WHOLE)
                r = plan_print_decisions(plan, policy, &list, &text);
        return finish(&text, r);
}
