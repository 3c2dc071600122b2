/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check [--syntax] [--json] [--within A] POLICY...: tests whether policies are valid and work on this host. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/start/other-root.h"
#include "cmd/verb/compared.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "plan/plan.h"
#include "plan/request.h"

static bool has_valid_syntax(const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = { .probe = other_root_probe() };

        return loaded_init(&loaded, spec, NULL, NULL, report) >= 0;
}

static bool can_start(const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = { .probe = other_root_probe() };
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = spec, .only_plan = true };

        return loaded_init(&loaded, spec, NULL, NULL, report) >= 0 &&
               loaded_plan(&loaded, NULL, 0, &request, &plan, report) == 0;
}

enum { STATUS_NOT_WITHIN = 1 };

static int report_row(const DifferenceRow *row, const char *outer, const char *name, Report *report) {
        _cleanup_free_ char *text = difference_text(row, outer);
        const Origin origin = row->first.file ? row->first : row->second.file ? row->second : (Origin) { .file = name };

        if (!text)
                return report_oom(report);
        return report_error_at(report, origin, row->directive, EPERM, "%s",
                               text + strlen(row->directive) + strlen("=: "));
}

/* Reports each line of the policy that allows more than outer does. Returns an exit status. */
static int check_within(const Compared *outer, const char *name, Report *report) {
        _cleanup_(differences_deinit) Differences more = {};
        _cleanup_(compared_deinit) Compared inner = {};

        if (compared_load(&inner, name, false, report) < 0)
                return PLAN_FAILED;
        if (report_if_oom(report, differences_find(&more, inner.permit, outer->permit)) < 0)
                return PLAN_FAILED;
        for (size_t i = 0; i < more.n; i++)
                if (report_row(&more.items[i], outer->name, name, report) == -ENOMEM)
                        return PLAN_FAILED;
        return more.n > 0 ? STATUS_NOT_WITHIN : 0;
}

/* How policies are checked. */
typedef struct Check {
        bool syntax;           /* only their lines */
        const Compared *outer; /* only whether they are within this policy; NULL: not that */
} Check;

/* Returns an exit status. */
static int check_policy(const Check *c, const char *spec, Report *report) {
        if (c->outer)
                return check_within(c->outer, spec, report);
        return (c->syntax ? has_valid_syntax(spec, report) : can_start(spec, report)) ? 0 : PLAN_FAILED;
}

static void add_message(void *userdata, Severity severity, const Origin *origin, const char *key, const char *text) {
        json_t *message = json_pack(
                "{s:s, s:o, s:o, s:o}", "severity", severity == SEVERITY_ERROR ? "error" : "notice", "origin",
                origin ? json_pack("{s:o, s:i}", "file", json_text_or_null(origin->file), "line", (int) origin->line)
                       : json_null(),
                "directive", json_text_or_null(key), "text", json_text(text));

        (void) json_array_append_new(userdata, message);
}

/* The same, and adds an object to the array. */
static int check_as_json(const Check *c, const char *spec, json_t *array, Report *report) {
        json_t *messages = json_array();
        Report kept = { .parts_sink = add_message, .userdata = messages };
        int status = check_policy(c, spec, &kept);

        if (json_array_append_new(array, json_pack("{s:o, s:b, s:o}", "policy", json_text(spec), "passed", status == 0,
                                                   "messages", messages)) < 0)
                return report_oom(report), PLAN_FAILED;
        return status;
}

static int check_all(const Check *c, char *const *policies, json_t *array, Report *report) {
        int all = 0;

        for (char *const *policy = policies; *policy; policy++) {
                int status = array ? check_as_json(c, *policy, array, report) : check_policy(c, *policy, report);

                all = status > all ? status : all;
        }
        return all;
}

static int print(const json_t *array, int status, Report *report) {
        int r = json_print(array, stdout);

        if (r < 0)
                report_error(report, -r, "cannot print JSON: %s", strerror(-r));
        return r < 0 || flush_output(report) < 0 ? PLAN_FAILED : status;
}

static int run(const CommandLine *line, Report *report) {
        const char *within = command_line_get(line, ARG_WITHIN);
        _cleanup_(compared_deinit) Compared outer = {};
        const Check c = { .syntax = command_line_has(line, ARG_SYNTAX), .outer = within ? &outer : NULL };
        json_t *array = NULL;
        int status;

        if (within && compared_load(&outer, within, false, report) < 0)
                return PLAN_FAILED;
        if (!command_line_has(line, ARG_JSON))
                return check_all(&c, line->arguments, NULL, report);
        array = json_array();
        status = array ? check_all(&c, line->arguments, array, report) : (report_oom(report), PLAN_FAILED);
        if (array)
                status = print(array, status, report);
        json_decref(array);
        return status;
}

static const Option options[] = {
        { ARG_SYNTAX, "syntax", "test only the lines, and not whether they work here" },
        { ARG_WITHIN, "within", "test only whether the policies allow no more than policy A",
          { "A", ARGUMENT_POLICY | ARGUMENT_INSTANCE } },
        OTHER_ROOT_OPTIONS,
        { ARG_JSON, "json", "print JSON: for each policy whether it passed, and the messages" },
        {},
};
static const Argument arguments[] = { { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_check = {
        .name = "check",
        .help = "test whether policies are valid and work here",
        .details = "Prints nothing and returns 0 if the policies are valid and this host can enforce them. With\n"
                   "--syntax, the program or policy may be for another host, as in the build of a program that\n"
                   "carries its policy. With --within A, prints each line that allows more than A, and returns 1 if\n"
                   "it finds one; A and the policies may then also be running instances.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
