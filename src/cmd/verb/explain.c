/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl explain [--verbose|--tree|--json] POLICY|NAME [-- COMMAND...]: prints the plan of a start, or what a bundle of
 * isorun-oci asks for. */
#include <errno.h>
#include <stdio.h>

#include "cmd/container/container.h"
#include "cmd/instance/find-word.h"
#include "cmd/instance/plan-text.h"
#include "cmd/program.h"
#include "cmd/show/form.h"
#include "cmd/show/json-plan.h"
#include "cmd/show/json.h"
#include "cmd/show/plan.h"
#include "cmd/start/other-root.h"
#include "cmd/start/program-policy.h"
#include "cmd/verb/status-json.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "lib/surroundings.h"
#include "oci/explain/bundle.h"
#include "plan/request.h"

static int explain(const char *spec, char *const *arguments, bool json, PlanForm form, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = { .probe = other_root_probe() };
        _cleanup_(plan_freep) Plan *plan = NULL;
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        PlanRequest request = { .policy = spec, .arguments = arguments, .only_plan = true,
                                .explain = true };
        int status;

        if (program_policy_read(&loaded, &program, spec, arguments, report) < 0)
                return PLAN_FAILED;
        status = loaded_plan(&loaded, NULL, 0, &request, &plan, report);
        if (status == 0 && !loaded.probe && surroundings_add(loaded.policy, plan, report) < 0)
                return PLAN_FAILED;
        return status ?: print_plan(plan, loaded.policy, json, form, report);
}

static int print_json(const Instance *instance, Report *report) {
        json_t *object = json_object();
        int r = object ? status_json_add_summary(object, instance, report) : report_oom(report);

        if (r >= 0) {
                r = json_print(object, stdout);
                r = r < 0 ? report_error(report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
        }
        json_decref(object);
        return r;
}

/* isorun answers from the plan that it has carried out. */
static int explain_instance(const Instance *instance, const CommandLine *line, Report *report) {
        _cleanup_free_ char *name = instance_full_name(instance);
        int r;

        if (!name)
                r = report_oom(report);
        else if (instance->handed_over || instance->frozen)
                r = report_error(report, EOPNOTSUPP, "%s %s, so it cannot be asked for its plan", name,
                                 instance->frozen ? "is frozen" : "was started with --hand-over");
        else
                r = command_line_has(line, ARG_JSON) ? print_json(instance, report)
                                                     : plan_text_print(instance, form_of(line), report);
        return r < 0 || flush_output(report) < 0 ? PLAN_FAILED : 0;
}

static int print_bundle(Bundle *bundle, const CommandLine *line, Report *report) {
        const Entries entries = { bundle, bundle_summarize, bundle_print, bundle_print_root };
        int r = command_line_has(line, ARG_JSON) ? json_print_entries(&entries, stdout, report)
                                                 : entries_print_text(&entries, form_of(line), stdout);

        r = report_if_oom(report, r);
        return r < 0 || flush_output(report) < 0 ? PLAN_FAILED : 0;
}

/* Returns an exit status. *ret_found is whether the word is a bundle or a container of isorun-oci. */
static int explain_bundle(const CommandLine *line, bool *ret_found, Report *report) {
        _cleanup_(container_view_deinit) ContainerView view = {};
        int r = container_view_open(line->arguments[0], &view, report);

        *ret_found = r != 0;
        if (r > 0 && *line->rest)
                r = report_error(report, EINVAL, "%s is a bundle: it has its own command", line->arguments[0]);
        return r < 0 ? PLAN_FAILED : r > 0 ? print_bundle(&view.bundle, line, report) : 0;
}

static int run(const CommandLine *line, Report *report) {
        char *const *arguments = *line->rest ? line->rest : NULL;
        _cleanup_(instances_deinit) InstanceList list = {};
        const Instance *instance = arguments || other_root_probe()
                ? NULL
                : instances_find_word(&list, line->arguments[0], report);
        bool is_bundle = false;
        int status;

        if (instance)
                return explain_instance(instance, line, report);
        status = other_root_probe() || report->n_errors > 0 ? 0 : explain_bundle(line, &is_bundle, report);
        if (is_bundle)
                return status;
        return report->n_errors > 0 ? PLAN_FAILED
                                    : explain(line->arguments[0], arguments, command_line_has(line, ARG_JSON),
                                              form_of(line), report);
}

static const Option options[] = {
        FORM_OPTIONS,
        OTHER_ROOT_OPTIONS,
        { ARG_JSON, "json", "print JSON: the summary, and an array for each section of the plan" },
        {},
};
static const Argument arguments[] = {
        { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE | ARGUMENT_CONTAINER },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_explain = {
        .name = "explain",
        .help = "show what a start would do, and why",
        .details = "Prints a summary of the plan for a start of COMMAND, or of the policy's own command, and starts\n"
                   "nothing. Each line ends with the policy lines that decided it. What this host cannot enforce,\n"
                   "and a command that it does not have, is a notice; isoctl check fails then. For a running\n"
                   "instance, the plan is that which it was started with. POLICY may also be a bundle of isorun-oci,\n"
                   "a directory with a config.json, and NAME the ID of a container.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
