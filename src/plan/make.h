/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "plan/request.h"

/* Makes the plan. Reports all errors, not only the first. Returns 0, or -errno with the exit status for the failure
 * (PLAN_*) in *ret_status. The policy must be complete (policy_complete()) and live as long as the plan. */
int plan_new(Plan **ret, const Policy *policy, const Host *host, const PlanRequest *request, Report *report,
             int *ret_status);

/* Makes only the calls and rules of the filter of a plan, which depend on nothing else in it, and not the filter's
 * program: to compare them with the filter of a running process. Returns 0 or a negative errno, reported. */
int plan_filter(Plan **ret, const Policy *policy, const Host *host, Report *report);

/* A start keeps only the filter's program (plan_forget_rules()). *ret is a copy of the plan with its calls and rules,
 * which belong to *ret_rules if they had to be made again, and otherwise to the plan. The caller frees *ret_rules,
 * which may be NULL, and nothing of *ret. Returns 0 or -errno. */
int plan_with_rules(const Plan *plan, Plan *ret, Plan **ret_rules);
