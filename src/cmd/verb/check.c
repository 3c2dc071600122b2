/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check [--syntax] POLICY...: tests whether policies are valid and work on this host. */
#include "cmd/start/policy-file.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "plan/plan.h"

static bool has_valid_syntax(const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};

        return loaded_init(&loaded, spec, NULL, NULL, report) >= 0;
}

static int run(const CommandLine *line, Report *report) {
        bool syntax = command_line_has(line, ARG_SYNTAX);
        int status = 0;

        for (char **policy = line->arguments; *policy; policy++)
                if (!(syntax ? has_valid_syntax(*policy, report) : policy_file_check(*policy, NULL, report)))
                        status = PLAN_FAILED;
        return status;
}

static const Option options[] = {
        { ARG_SYNTAX, "syntax", "test only the lines, and not whether they work here" },
        {},
};
static const Argument arguments[] = { { "POLICY", ARGUMENT_POLICY | ARGUMENT_REPEATED }, {} };

const Verb verb_check = {
        .name = "check",
        .help = "test whether policies are valid and work here",
        .details = "Prints nothing and returns 0 if the policies are valid and this host can enforce them. With --syntax,\n"
                   "the program or policy may be for another host, as in a build of a program that carries its policy.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
