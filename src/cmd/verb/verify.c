/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl verify NAME...: compares what an instance promises with what the kernel and systemd show. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/instance/talk.h"
#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/verb/verb.h"
#include "cmd/verify/verification.h"
#include "plan/plan.h"
#include "util/text.h"

enum { STATUS_BROKEN = 1, STATUS_UNREAD = 2 };

/* A process that isorun makes for a request, such as isoctl enter, gets its filter last. Until then, isoctl looks
 * again. */
enum { TRIES = 200, TRY_MSEC = 10 };

typedef struct Wanted {
        bool json, quiet, legend, filters;
} Wanted;

static void verify_landlock(Verification *v, const Promise *p) {
        const Promise *denies = promises_find(v->promises, "landlock-denies", NULL);
        const bool files = streq(promise_value(p, 0), "files");

        if (files && denies)
                finding_add(&v->findings, promise_number_of(denies, 0) ? VERDICT_HOLDS : VERDICT_BROKEN,
                            "Landlock", promise_origin(p), promise_number_of(denies, 0) ?
                            "a process that enters cannot mount, which only a domain denies" :
                            "a process that enters can mount, so it is in no domain that handles files");
        finding_add(&v->findings, VERDICT_UNSEEN, files ? "Landlock's rules" : "Landlock's scope", promise_origin(p),
                    "the kernel shows no domain of a process, nor its rules");
}

/* One look at everything. */
static int look(Verification *v, Managers *managers) {
        const bool in_service = promises_have(v->promises, "holder", "service");
        int r = tasks_find(v->instance, in_service, &v->tasks);

        if (r < 0)
                return r;
        verify_identity(v);
        if (promises_find(v->promises, "mount", NULL))
                verify_root(v);
        for (size_t i = 0; i < v->promises->n; i++) {
                const Promise *p = &v->promises->items[i];

                if (promise_is(p, "filter"))
                        verify_filter_bytes(v, p);
                else if (promise_is(p, "landlock"))
                        verify_landlock(v, p);
        }
        verify_limits(v, managers);
        if (promises_find(v->promises, "descriptors", NULL))
                verify_reaper(v);
        return v->findings.oom ? -ENOMEM : 0;
}

static void forget(Verification *v) {
        tasks_deinit(&v->tasks);
        findings_deinit(&v->findings);
}

static int look_until_settled(Verification *v) {
        _cleanup_(managers_deinit) Managers managers = {};
        int r = look(v, &managers);

        for (unsigned i = 1; r >= 0 && v->findings.may_pass && i < TRIES; i++) {
                nanosleep(&(struct timespec) { .tv_nsec = (long) TRY_MSEC * 1000000 }, NULL);
                forget(v);
                r = look(v, &managers);
        }
        return r;
}

/* After a hand-over, no isorun is left to ask for the plan. What every plan promises can be verified all the same. */
static int ask(const Instance *instance, Promises *ret, Report *report) {
        static const char every_plan[] = "\"\" holder service\n\"\" no_new_privs\n\"\" filter 0 \"\"\n";
        _cleanup_free_ char *text = NULL;
        int r;

        if (instance->frozen)
                return report_error(report, EBUSY,
                                    "%s is frozen, so it cannot be asked for its plan: isoctl thaw it first",
                                    instance->name);
        r = instance->handed_over ? 0 : talk_ask(instance, CONTROL_PROMISES, &text, NULL, 0, NULL, report);
        if (r < 0)
                return r;
        r = promises_parse(text ?: every_plan, ret);
        if (r < 0)
                return report_error(report, -r, "%s: isoctl cannot understand its plan: %s", instance->name,
                                    strerror(-r));
        return 0;
}

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
        if (r >= 0)
                r = rows_print(table);
        scols_unref_table(table);
        return r;
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

        if (ask(instance, &promises, report) < 0)
                return PLAN_FAILED;
        r = look_until_settled(&v);
        if (r >= 0 && instance->handed_over)
                finding_add(&v.findings, VERDICT_UNREAD, "plan", "",
                            "handed over: no isorun is left to ask for the plan");
        if (r >= 0)
                r = wanted->json ? json_print_array(make_json, v.findings.items, v.findings.n, stdout)
                                 : print_table(&v.findings, wanted);
        if (r < 0)
                report_error(report, -r, "%s: %s", instance->name, strerror(-r));
        else {
                if (!wanted->json && !wanted->quiet)
                        print_summary(instance, &v.findings);
                status = findings_count(&v.findings, VERDICT_BROKEN)   ? STATUS_BROKEN
                         : findings_count(&v.findings, VERDICT_UNREAD) ? STATUS_UNREAD
                                                                       : 0;
        }
        forget(&v);
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
