/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl verify NAME...: compares what an instance promises with what the kernel and systemd show. */
#include <errno.h>
#include <stdio.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/verb/verb.h"
#include "cmd/verify/look.h"
#include "plan/plan.h"
#include "util/text.h"

enum { STATUS_BROKEN = 1, STATUS_UNREAD = 2 };

typedef struct Wanted {
        bool json, quiet, legend, filters;
} Wanted;

static int print_table(const Findings *f, const Wanted *wanted) {
        static const char *const headings[] = { "STATE", "PART", "DETAILS", NULL };
        static const char *const colours[] = { [VERDICT_UNSEEN] = "yellow", [VERDICT_UNREAD] = "magenta",
                                               [VERDICT_BROKEN] = "red" };
        struct libscols_table *table = rows_new(headings, wanted->legend);
        int r = table ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < f->n; i++) {
                const Finding *item = &f->items[i];
                _cleanup_free_ char *details = format("%s%s%s", item->details, *item->origin ? "   # " : "",
                                                      item->origin);

                if (wanted->quiet && item->verdict < VERDICT_UNREAD)
                        continue;
                r = details ? rows_add(table, (const char *[]) { verdict_name(item->verdict), item->part, details },
                                       colours[item->verdict]) : -ENOMEM;
        }
        return rows_end(table, r);
}

static json_t *make_json(const void *items, size_t i) {
        const Finding *item = &((const Finding *) items)[i];

        return json_pack("{s:s, s:o, s:o, s:o}", "state", verdict_name(item->verdict), "part", json_text(item->part),
                         "details", json_text(item->details), "origin",
                         json_text_or_null(*item->origin ? item->origin : NULL));
}

static void print_summary(const Instance *instance, const Findings *f) {
        _cleanup_free_ char *name = instance_full_name(instance);

        printf("%s: %zu hold, %zu stricter, %zu absent, %zu unseen, %zu unread, %zu broken\n", name ?: instance->name,
               findings_count(f, VERDICT_HOLDS), findings_count(f, VERDICT_STRICTER), findings_count(f, VERDICT_ABSENT),
               findings_count(f, VERDICT_UNSEEN), findings_count(f, VERDICT_UNREAD), findings_count(f, VERDICT_BROKEN));
}

/* Returns an exit status. */
static int verify(const InstanceList *list, const Instance *instance, const Wanted *wanted, Report *report) {
        _cleanup_(promises_deinit) Promises promises = {};
        Verification v = { .list = list, .instance = instance, .promises = &promises, .read_filters = wanted->filters };
        int status = PLAN_FAILED, r;

        if (verification_ask(instance, &promises, report) < 0)
                return PLAN_FAILED;
        r = verification_look(&v);
        if (r >= 0 && !verification_knows_plan(instance))
                finding_add(&v.findings, VERDICT_UNREAD, "plan", "", "handed over: only root can read the plan");
        if (r >= 0)
                r = wanted->json ? json_print_array(make_json, v.findings.items, v.findings.n, stdout)
                                 : print_table(&v.findings, wanted);
        if (r == -ESRCH)
                report_error(report, ESRCH, "%s has ended while isoctl looked at it", instance->name);
        else if (r < 0)
                report_error(report, -r, "%s: %s", instance->name, strerror(-r));
        else {
                if (!wanted->json && !wanted->quiet)
                        print_summary(instance, &v.findings);
                status = findings_count(&v.findings, VERDICT_BROKEN)   ? STATUS_BROKEN
                         : findings_count(&v.findings, VERDICT_UNREAD) ? STATUS_UNREAD
                                                                       : 0;
        }
        verification_deinit(&v);
        return status;
}

/* The worst of two statuses: broken, then not verified, then not read. */
static int worse(int a, int b) {
        static const int order[] = { STATUS_BROKEN, PLAN_FAILED, STATUS_UNREAD };

        for (size_t i = 0; i < ELEMENTSOF(order); i++)
                if (a == order[i] || b == order[i])
                        return order[i];
        return 0;
}

static int run(const CommandLine *line, Report *report) {
        const Wanted wanted = { .json = command_line_has(line, ARG_JSON), .quiet = command_line_has(line, 'q'),
                                .legend = !command_line_has(line, ARG_NO_LEGEND),
                                .filters = command_line_has(line, ARG_FILTER) };
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(selection_deinit) Selection selection = {};
        int status = 0;

        if (instances_find(&list, report) < 0)
                return PLAN_FAILED;
        if (instances_select(&selection, &list, line->arguments, false, report) < 0)
                status = PLAN_FAILED;
        for (size_t i = 0; i < selection.n; i++)
                status = worse(status, verify(&list, selection.items[i], &wanted, report));
        return flush_output(report) < 0 ? PLAN_FAILED : status;
}

static const Option options[] = {
        { ARG_FILTER, "filter", "also compare the filters' bytes; stops each process for a moment (only for root)" },
        { ARG_JSON, "json", "print JSON, an array for each instance" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        { 'q', "quiet", "print only what is broken, or cannot be read" },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_verify = {
        .name = "verify",
        .help = "compare instances with their plans",
        .details = "Reads from the kernel and from systemd what is in force, and compares it with the plan, line by\n"
                   "line. Returns 0 if nothing is broken, 1 if a promise of the plan is broken, and 2 if isoctl\n"
                   "cannot read a promise that it can usually read. Promises that no user can see, such as Landlock's\n"
                   "rules, are listed as unseen.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
