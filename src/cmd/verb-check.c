/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl check POLICY...: whether policies can be read, and carried out here. */
#include <errno.h>
#include <stdio.h>

#include "cmd/common.h"
#include "cmd/verb.h"

static int check(const char *spec, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = spec };
        int status, r;

        r = loaded_init(&loaded, spec, NULL, NULL, report);
        if (r >= 0)
                r = policy_complete(loaded.policy, report);
        if (r >= 0)
                r = loaded_bind(&loaded, NULL, 0, report);
        if (r < 0)
                return r;
        request.name = loaded.name;
        request.bindings = &loaded.bindings;
        request.image = loaded.image;
        return plan_new(&plan, loaded.policy, &loaded.host, &request, report, &status);
}

int verb_check(int argc, char *argv[], Report *report) {
        int status = 0;

        if (argc < 2) {
                report_error(report, EINVAL, "check: no policy named");
                return PLAN_FAILED;
        }
        for (int i = 1; i < argc; i++)
                if (check(argv[i], report) < 0)
                        status = PLAN_FAILED;
        return status;
}
