/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl export --unit POLICY [--name NAME] [-- COMMAND...]: a service that systemd itself confines. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/start/load.h"
#include "cmd/verb/verb.h"
#include "convert/export.h"
#include "plan/request.h"
#include "util/text.h"

/* The unit is for a machine with systemd, which need not be this one. */
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

int verb_export(int argc, char *argv[], Report *report) {
        static const struct option options[] = { { "unit", required_argument, NULL, 'u' },
                                                 { "name", required_argument, NULL, 'n' },
                                                 {} };
        const char *spec = NULL, *name = NULL;
        char **command;
        int c;

        optind = 0;
        while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
                if (c != 'u' && c != 'n')
                        return PLAN_FAILED;
                *(c == 'u' ? &spec : &name) = optarg;
        }
        command = argv + optind;
        if (!spec) {
                report_error(report, EINVAL, "export: no policy named (--unit POLICY)");
                return PLAN_FAILED;
        }
        return export(spec, name, *command ? command : NULL, report);
}
