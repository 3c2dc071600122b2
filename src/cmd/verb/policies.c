/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl policies [PATTERN...]: lists the policies with their descriptions and files. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "policy/policy-load.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Found {
        char *name, *file, *description; /* file NULL: built in; description NULL: none, or the policy cannot be read */
        const char *shadowed_by;         /* the file that is used instead; NULL: none */
        bool broken;
} Found;

typedef struct FoundList {
        Found *items;
        size_t n;
} FoundList;

static void found_list_deinit(FoundList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].name);
                free(list->items[i].file);
                free(list->items[i].description);
        }
        free(list->items);
}

static int is_policy(const struct dirent *e) {
        return e->d_name[0] != '.' && endswith(e->d_name, ".conf") && e->d_type != DT_DIR;
}

static bool is_asked_for(const char *name, char *const *patterns) {
        for (char *const *p = patterns; *p; p++)
                if (fnmatch(*p, name, FNM_NOESCAPE) == 0)
                        return true;
        return !*patterns;
}

/* Takes over file. */
static int add(FoundList *list, char *name, char *file) {
        Found *f = name ? ARRAY_APPEND(list->items, list->n) : NULL;

        if (!f) {
                free(name);
                free(file);
                return -ENOMEM;
        }
        *f = (Found) { .name = name, .file = file };
        return 0;
}

static int add_directory(FoundList *list, const char *directory, char *const *patterns) {
        struct dirent **names;
        int n, r = 0;

        n = scandir(directory, &names, is_policy, alphasort);
        if (n < 0)
                return errno == ENOMEM ? -ENOMEM : 0;
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *name = policy_spec_name(names[i]->d_name);

                if (r >= 0 && (!name || is_asked_for(name, patterns))) {
                        char *file = name ? path_join(directory, names[i]->d_name) : NULL;

                        r = file ? add(list, TAKE_PTR(name), file) : -ENOMEM;
                }
                free(names[i]);
        }
        free(names);
        return r;
}

static const Found *find_first(const FoundList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++)
                if (streq(list->items[i].name, name))
                        return &list->items[i];
        return NULL;
}

/* Reads the description as a start does: it may come from a base or a drop-in. Returns 0 or -ENOMEM. */
static int describe(Found *f) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        Report silent = {};
        const Setting *s;
        int r;

        r = loaded_init(&loaded, f->shadowed_by ? f->file : f->name, NULL, NULL, &silent);
        if (r == -ENOMEM)
                return r;
        f->broken = r < 0;
        s = loaded.policy ? policy_get(loaded.policy, D_Description) : NULL;
        if (!s)
                return 0;
        f->description = strdup(s->value.text);
        return f->description ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b) {
        const Found *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        return r ?: !!x->shadowed_by - !!y->shadowed_by;
}

static int find(FoundList *list, char *const *patterns) {
        const char *home = getenv("HOME");
        _cleanup_strv_free_ char **search_path = policy_search_path(getenv("XDG_CONFIG_HOME"), home, geteuid());
        int r = search_path ? 0 : -ENOMEM;

        for (char **d = search_path; r >= 0 && *d; d++)
                r = add_directory(list, *d, patterns);
        if (r >= 0 && is_asked_for("default", patterns))
                r = add(list, strdup("default"), NULL);
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Found *first = find_first(list, list->items[i].name);

                if (first != &list->items[i])
                        list->items[i].shadowed_by = first->file;
                if (list->items[i].file || !list->items[i].shadowed_by)
                        r = describe(&list->items[i]);
        }
        if (r >= 0 && list->n > 0)
                qsort(list->items, list->n, sizeof(list->items[0]), compare);
        return r;
}

static int add_row(struct libscols_table *table, const Found *f) {
        const char *text = f->broken ? "(has errors: see isoctl check)" : f->description ?: "-";
        const char *where = f->file ?: "built-in";
        _cleanup_free_ char *shadowed = NULL;

        if (f->shadowed_by) {
                shadowed = format("%s (shadowed by %s)", where, f->shadowed_by);
                if (!shadowed)
                        return -ENOMEM;
        }
        return rows_add(table, (const char *[]) { f->name, text, shadowed ?: where },
                        f->shadowed_by ? "gray" : f->broken ? "red" : NULL);
}

static int print_table(const FoundList *list, bool legend) {
        static const char *const headings[] = { "NAME", "DESCRIPTION", "WHERE", NULL };
        struct libscols_table *table = rows_new(headings, legend);
        int r = table ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < list->n; i++)
                r = add_row(table, &list->items[i]);
        return rows_end(table, r);
}

static json_t *make_json(const void *items, size_t i) {
        const Found *f = &((const Found *) items)[i];

        return json_pack("{s:o, s:o, s:o, s:o, s:b}", "name", json_text(f->name), "description",
                         json_text_or_null(f->description), "file", json_text_or_null(f->file), "shadowed_by",
                         json_text_or_null(f->shadowed_by), "broken", f->broken);
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(found_list_deinit) FoundList list = {};
        int r;

        r = find(&list, line->arguments);
        if (r >= 0)
                r = command_line_has(line, ARG_JSON) ? json_print_array(make_json, list.items, list.n, stdout)
                                                     : print_table(&list, !command_line_has(line, ARG_NO_LEGEND));
        if (r < 0)
                r = report_error(report, -r, "policies: %s", strerror(-r));
        else
                r = flush_output(report);
        return r < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        {},
};
static const Argument arguments[] = { { "PATTERN", ARGUMENT_OPTIONAL | ARGUMENT_REPEATED }, {} };

const Verb verb_policies = {
        .name = "policies",
        .help = "list policies and where they are",
        .details = "\"(shadowed by FILE)\" marks a policy that isorun does not use: FILE has the same name and comes\n"
                   "first.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
