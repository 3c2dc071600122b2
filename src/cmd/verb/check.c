/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check POLICY...: tests whether policies are valid and work on this host. */
#include "cmd/start/load.h"
#include "cmd/verb/verb.h"
#include "plan/request.h"

static bool check(const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = spec };

        return loaded_init(&loaded, spec, NULL, NULL, report) >= 0 &&
               loaded_plan(&loaded, NULL, 0, &request, &plan, report) == 0;
}

static int run(const CommandLine *line, Report *report) {
        int status = 0;

        for (char **policy = line->arguments; *policy; policy++)
                if (!check(*policy, report))
                        status = PLAN_FAILED;
        return status;
}

static const Argument arguments[] = { { "POLICY", ARGUMENT_POLICY | ARGUMENT_REPEATED }, {} };

const Verb verb_check = {
        .name = "check",
        .help = "test whether policies are valid and work here",
        .details = "Prints nothing and returns 0 if the policies are valid and this host can enforce them.",
        .arguments = arguments,
        .run = run,
};
