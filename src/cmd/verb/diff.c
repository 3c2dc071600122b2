/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl diff [--json] [--unit FILE] A B: what each of two policies allows that the other does not. */
#include <errno.h>
#include <stdio.h>

#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/start/other-root.h"
#include "cmd/verb/compared.h"
#include "cmd/verb/verb.h"
#include "util/escape.h"

static int print_rows(const Differences *d, const char *inner, const char *outer) {
        if (d->n > 0) {
                escape_write(stdout, inner);
                fputs(" allows, and ", stdout);
                escape_write(stdout, outer);
                puts(" does not:");
        }
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_free_ char *text = difference_text(&d->items[i], outer);

                if (!text)
                        return -ENOMEM;
                fputs("  ", stdout);
                escape_write(stdout, text);
                if (d->items[i].origin) {
                        fputs("   # ", stdout);
                        escape_write(stdout, d->items[i].origin);
                }
                putchar('\n');
        }
        return 0;
}

static json_t *make_row(const DifferenceRow *row) {
        return json_pack("{s:s, s:o, s:o, s:o, s:o}", "directive", row->directive, "key",
                         json_text_or_null(*row->key ? row->key : NULL), "allows", json_text(row->inner), "other",
                         json_text_or_null(row->outer), "origin", json_text_or_null(row->origin));
}

static json_t *make_rows(const Differences *d) {
        json_t *array = json_array();

        for (size_t i = 0; array && i < d->n; i++)
                if (json_array_append_new(array, make_row(&d->items[i])) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}

static int print_json(const Compared sides[static 2], const Differences *a, const Differences *b) {
        json_t *value = json_pack("{s:o, s:o, s:o, s:o}", "a", json_text(sides[0].name), "b", json_text(sides[1].name),
                                  "only_a", make_rows(a), "only_b", make_rows(b));
        int r = value ? json_print(value, stdout) : -ENOMEM;

        json_decref(value);
        return r;
}

/* Returns 0 if both allow the same, 1 if not, or -errno. */
static int compare(const Compared sides[static 2], bool json) {
        _cleanup_(differences_deinit) Differences a = {}, b = {};
        int r;

        r = differences_find(&a, sides[0].permit, sides[1].permit);
        if (r >= 0)
                r = differences_find(&b, sides[1].permit, sides[0].permit);
        if (r >= 0 && json)
                r = print_json(sides, &a, &b);
        else if (r >= 0) {
                r = print_rows(&b, sides[1].name, sides[0].name);
                if (r >= 0)
                        r = print_rows(&a, sides[0].name, sides[1].name);
        }
        return r < 0 ? r : a.n > 0 || b.n > 0;
}

static int run(const CommandLine *line, Report *report) {
        const char *unit = command_line_get(line, ARG_UNIT);
        const char *names[2] = { unit ?: line->arguments[0], line->arguments[unit ? 0 : 1] };
        Compared sides[2] = {};
        int r = 0;

        if (line->n_arguments != (unit ? 1 : 2)) {
                report_error(report, EINVAL, unit ? "with --unit, name one policy to compare it with"
                                                  : "name two policies to compare, or --unit FILE and one policy");
                return PLAN_FAILED;
        }
        for (size_t i = 0; r >= 0 && i < 2; i++)
                r = compared_load(&sides[i], names[i], i == 0 && unit, report);
        if (r >= 0)
                r = report_if_oom(report, compare(sides, command_line_has(line, ARG_JSON)));
        compared_deinit(&sides[0]);
        compared_deinit(&sides[1]);
        return flush_output(report) < 0 || r < 0 ? PLAN_FAILED : r;
}

static const Option options[] = {
        OTHER_ROOT_OPTIONS,
        { ARG_JSON, "json", "print JSON, an object with a, b, only_a and only_b" },
        { ARG_UNIT, "unit", "A is the policy that isoctl import makes of a unit", { "FILE", ARGUMENT_FILE } },
        {},
};
static const Argument arguments[] = { { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_diff = {
        .name = "diff",
        .help = "compare what two policies allow",
        .details = "Prints what the second policy allows that the first does not, and the reverse. A policy is a\n"
                   "name, a file, a program that carries one, a running instance of yours or root's, or a service\n"
                   "(NAME.service, FILE.service), whose hardening lines are converted. Returns 0 if both allow the\n"
                   "same, 1 if not.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
