/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl explain [--json] POLICY [-- COMMAND...]: the plan that a start would carry out. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "cmd/show/plan.h"
#include "cmd/start/load.h"
#include "cmd/verb/verb.h"
#include "plan/request.h"

static int explain(const char *spec, char *const *arguments, bool json, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = spec, .arguments = arguments };
        int status;

        if (loaded_init(&loaded, spec, NULL, arguments, report) < 0)
                return PLAN_FAILED;
        status = loaded_plan(&loaded, NULL, 0, &request, &plan, report);
        return status ?: print_plan(plan, loaded.policy, json, report);
}

int verb_explain(int argc, char *argv[], Report *report) {
        static const struct option options[] = { { "json", no_argument, NULL, 'j' }, {} };
        bool json = false;
        char **command;
        int c;

        optind = 0;
        while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
                if (c != 'j')
                        return PLAN_FAILED;
                json = true;
        }
        if (optind >= argc) {
                report_error(report, EINVAL, "explain: no policy named");
                return PLAN_FAILED;
        }

        command = argv + optind + 1;
        if (*command && streq(*command, "--json")) { /* also behind the policy */
                json = true;
                command++;
        }
        if (*command && streq(*command, "--"))
                command++;
        return explain(argv[optind], *command ? command : NULL, json, report);
}
