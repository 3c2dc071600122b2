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
        Text line, origin; /* reused for each entry */
        const char **way;  /* in a tree: the paths of the entries around the last one; borrowed from the plan */
        size_t n_way;
        bool oom;
} TextPrinter;

static void print_section(void *userdata, const char *name) {
        TextPrinter *p = userdata;

        fprintf(p->f, "\n%s\n", name);
}

/* Prints an entry below depth others. */
static void print_line(TextPrinter *p, size_t depth, const char *key, const char *value, const Origin *origin) {
        static const char indent[] = "  ", padding[] = "                        ";
        Text *line = &p->line;
        size_t width;

        line->size = p->origin.size = 0;
        text_add(line, indent);
        for (size_t i = 0; i < depth; i++)
                text_add(line, indent);
        escape_add(line, key);
        width = line->size - strlen(indent);
        text_add(line, padding + (width < strlen(padding) ? width : strlen(padding) - 1));
        escape_add(line, value);
        if (origin) {
                origin_add(&p->origin, *origin);
                text_add(line, "   # ");
                escape_add(line, p->origin.bytes ?: "");
        }
        text_add_char(line, '\n');
        if (!line->failed)
                fwrite(line->bytes, 1, line->size, p->f);
}

static void print_entry(void *userdata, const char *key, const char *value, const Origin *origin) {
        print_line(userdata, 0, key, value, origin);
}

/* Prints the part of a path that the entry around it does not have. A directory comes before its contents. */
static void print_branch(void *userdata, const char *key, const char *value, const Origin *origin) {
        TextPrinter *p = userdata;
        const char *around, **slot;
        size_t depth;

        while (p->n_way > 0 && !path_is_below(key, p->way[p->n_way - 1]))
                p->n_way--;
        depth = p->n_way;
        around = depth > 0 ? p->way[depth - 1] : "";
        print_line(p, depth, key + (depth > 1 ? strlen(around) + 1 : 0), value, origin);
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

int plan_print_text(const Plan *plan, const Policy *policy, PlanForm form, FILE *f) {
        static const PlanPrinter entries = { print_section, print_entry }, branches = { print_section, print_branch };
        TextPrinter text = { .f = f };
        int r = print_summary(plan, policy, f);

        if (r >= 0 && form == FORM_WHOLE)
                r = plan_print(plan, policy, &entries, &text);
        else if (r >= 0 && form == FORM_TREE)
                r = plan_print_root(plan, policy, &branches, &text);
        if (text.line.failed || text.origin.failed || text.oom)
                r = -ENOMEM;
        text_deinit(&text.line);
        text_deinit(&text.origin);
        free(text.way);
        return r;
}
