/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/plan.h"

#include <stdio.h>

#include "cmd/program.h"
#include "cmd/show/json-plan.h"

int print_plan(const Plan *plan, const Policy *policy, bool json, PlanForm form, Report *report) {
        int r;

        r = json ? json_print_plan(plan, policy, stdout, report) : plan_print_text(plan, policy, form, stdout);
        if (r >= 0)
                r = flush_output(report);
        return report_if_oom(report, r) < 0 ? PLAN_FAILED : 0;
}
