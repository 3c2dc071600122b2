/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check POLICY...: tests whether policies are valid and work on this host. */
#include "cmd/start/policy-file.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"

static int run(const CommandLine *line, Report *report) {
        int status = 0;

        for (char **policy = line->arguments; *policy; policy++)
                if (!policy_file_check(*policy, NULL, report))
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
