/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl export --unit POLICY [--name NAME] [-- COMMAND...]: prints a service that systemd itself confines. */
#include <stdio.h>

#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/verb/verb.h"
#include "convert/export.h"
#include "lib/load.h"
#include "plan/request.h"
#include "util/text.h"

/* The unit is for a machine with systemd. That may be another machine than this one. */
static void assume_systemd(Host *host) {
        host->system_manager = host->user_manager = true;
        free(host->unit);
        host->unit = NULL;
}

static int print_unit(const Plan *plan, Report *report) {
        _cleanup_text_ Text text = {};
        int r;

        if (text_open(&text) < 0)
                return report_oom(report);
        r = export_unit(plan, plan->user_manager, text.f, report);
        if (r < 0)
                return r;
        if (!text_so_far(&text))
                return report_oom(report);
        fputs(text.bytes, stdout);
        return flush_output(report);
}

static int export(const char *spec, const char *name, char *const *arguments, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = spec, .arguments = arguments, .need_command = true, .read_image = true };
        int status;

        request.manager = arg_whose == WHOSE_USER     ? MANAGER_USER
                          : arg_whose == WHOSE_SYSTEM ? MANAGER_SYSTEM
                                                      : MANAGER_AUTO;
        if (loaded_init(&loaded, spec, name, arguments, report) < 0)
                return PLAN_FAILED;
        assume_systemd(&loaded.host);
        status = loaded_plan(&loaded, NULL, 0, &request, &plan, report);
        if (status)
                return PLAN_FAILED;
        return print_unit(plan, report) < 0 ? PLAN_FAILED : 0;
}

static int run(const CommandLine *line, Report *report) {
        return export(command_line_get(line, ARG_UNIT), command_line_get(line, ARG_NAME),
                      *line->rest ? line->rest : NULL, report);
}

static const Option options[] = {
        { ARG_UNIT, "unit", "the policy, as a name or a file", { "POLICY", ARGUMENT_POLICY }, .required = true },
        { ARG_NAME, "name", "the name that %i stands for", { "NAME" } },
        {},
};
static const Argument arguments[] = {
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_export = {
        .name = "export",
        .help = "convert a policy to a systemd service",
        .details = "Prints a service with the parts of the policy that systemd can enforce by itself. Comments and\n"
                   "notices list the other parts. --user: a service for a user's service manager.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
