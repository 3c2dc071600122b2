/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl flows [NAME...]: prints the connections that isorun carries for instances: ConnectTo= and ListenOn=. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "cmd/instance/find.h"
#include "cmd/instance/flows.h"
#include "cmd/instance/select.h"
#include "cmd/instance/talk.h"
#include "cmd/program.h"
#include "cmd/show/format.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/clock.h"

/* Where the lines go to: one of the two. */
typedef struct Printer {
        struct libscols_table *table;
        json_t *array;
} Printer;

static int add_row(const Printer *p, const char *name, const FlowLine *l) {
        char sent[FORMAT_MAX], received[FORMAT_MAX], age[FORMAT_MAX];

        format_bytes(sent, l->sent);
        format_bytes(received, l->received);
        format_span(age, l->usec);
        return rows_add(p->table, (const char *[]) { name, l->direction, l->state, sent, received, age, l->peer,
                                                     l->with ?: "-" }, NULL);
}

static int add_object(const Printer *p, const char *name, const FlowLine *l) {
        json_t *object = json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I}", "instance", json_text(name),
                                   "direction", l->direction, "protocol", l->protocol, "state", l->state, "peer",
                                   json_text(l->peer), "with", json_text_or_null(l->with), "sent", (json_int_t) l->sent,
                                   "received", (json_int_t) l->received, "age_usec", (json_int_t) l->usec);

        return json_array_append_new(p->array, object);
}

static int print_flows(const Printer *p, const Instance *i, const Flows *flows, Report *report) {
        _cleanup_free_ char *name = instance_full_name(i);
        int r = name ? 0 : -ENOMEM;

        for (size_t k = 0; r >= 0 && k < flows->n; k++)
                r = p->table ? add_row(p, name, &flows->items[k]) : add_object(p, name, &flows->items[k]);
        return r < 0 ? report_oom(report) : 0;
}

/* named: the caller wants to know why the instance has no such connections. */
static int show(const Printer *p, const Instance *i, bool named, Report *report) {
        const uint64_t until = clock_usec(CLOCK_MONOTONIC) + CONTROL_SECONDS * UINT64_C(1000000);
        _cleanup_(flows_deinit) Flows flows = {};
        _cleanup_free_ char *summary = NULL;
        int r = flows_ask(i, FLOWS_LIST, NULL, until, &flows, report);

        if (r != 0 || !named)
                return r < 0 ? r : print_flows(p, i, &flows, report);
        /* An isorun of an earlier version does not listen for this question. */
        r = talk_ask(i, CONTROL_SUMMARY, &summary, NULL, 0, NULL, report);
        return r < 0 ? r : report_error(report, ENOENT, "%s: isorun carries no connections for it: its policy has "
                                        "neither ConnectTo= nor ListenOn=", i->name);
}

static int show_all(const Printer *p, const InstanceList *list, Report *report) {
        int result = 0;

        for (size_t i = 0; i < list->n; i++) {
                int r = flows_can_ask(&list->items[i]) ? show(p, &list->items[i], false, report) : 0;

                result = r < 0 ? r : result;
        }
        return result;
}

static int show_named(const Printer *p, const InstanceList *list, char *const *names, Report *report) {
        _cleanup_(selection_deinit) Selection selection = {};
        int result = instances_select(&selection, list, names, false, report);

        for (size_t i = 0; i < selection.n; i++) {
                int r = show(p, selection.items[i], true, report);

                result = r < 0 ? r : result;
        }
        return result;
}

static int run(const CommandLine *line, Report *report) {
        static const char *const headings[] = { "NAME", "DIRECTION", "STATE", "SENT", "RECEIVED",
                                                "AGE",  "PEER",      "WITH",  NULL };
        const bool json = command_line_has(line, ARG_JSON);
        Printer p = { .table = json ? NULL : rows_new(headings, !command_line_has(line, ARG_NO_LEGEND)),
                      .array = json ? json_array() : NULL };
        _cleanup_(instances_deinit) InstanceList list = {};
        int r, q;

        r = p.table || p.array ? instances_find(&list, report) : report_oom(report);
        if (r >= 0)
                r = line->n_arguments > 0 ? show_named(&p, &list, line->arguments, report)
                                          : show_all(&p, &list, report);
        q = p.table ? rows_print(p.table) : p.array ? json_print(p.array, stdout) : 0;
        scols_unref_table(p.table);
        json_decref(p.array);
        if (q < 0)
                report_error(report, -q, "cannot print the connections: %s", strerror(-q));
        return r < 0 || q < 0 || flush_output(report) < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON: isoctl(1) lists the fields" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED }, {} };

const Verb verb_flows = {
        .name = "flows",
        .help = "list the connections that isorun carries",
        .details = "Lists the connections to peers (ConnectTo=) and from entrances (ListenOn=). SENT are bytes from\n"
                   "the program, and RECEIVED bytes to it. PEER is as in the policy. WITH is the name for a pattern,\n"
                   "or the client of an entrance.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
