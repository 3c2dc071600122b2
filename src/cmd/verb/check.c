/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check POLICY...: whether policies can be read, and carried out here. */
#include <errno.h>
#include <stdio.h>

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

int verb_check(int argc, char *argv[], Report *report) {
        int status = 0;

        if (argc < 2) {
                report_error(report, EINVAL, "check: no policy named");
                return PLAN_FAILED;
        }
        for (int i = 1; i < argc; i++)
                if (!check(argv[i], report))
                        status = PLAN_FAILED;
        return status;
}
