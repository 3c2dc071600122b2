/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl explain [--verbose|--tree|--json] POLICY [-- COMMAND...]: prints the plan of a start. */
#include "cmd/show/form.h"
#include "cmd/show/plan.h"
#include "cmd/start/other-root.h"
#include "cmd/start/program-policy.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "lib/surroundings.h"
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

static int run(const CommandLine *line, Report *report) {
        return explain(line->arguments[0], *line->rest ? line->rest : NULL, command_line_has(line, ARG_JSON),
                       form_of(line), report);
}

static const Option options[] = {
        FORM_OPTIONS,
        OTHER_ROOT_OPTIONS,
        { ARG_JSON, "json", "print JSON: the summary, and an array for each section of the plan" },
        {},
};
static const Argument arguments[] = {
        { "POLICY", ARGUMENT_POLICY },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_explain = {
        .name = "explain",
        .help = "show what a start would do, and why",
        .details = "Prints a summary of the plan for a start of COMMAND, or of the policy's own command, and starts\n"
                   "nothing. Each line ends with the policy lines that decided it. What this host cannot enforce,\n"
                   "and a command that it does not have, is a notice; isoctl check fails then.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
