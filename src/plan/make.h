/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "plan/request.h"

/* Makes the plan. Reports all errors, not only the first. Returns 0, or -errno with the exit status for the failure
 * (PLAN_*) in *ret_status. The policy must be complete (policy_complete()) and live as long as the plan. */
int plan_new(Plan **ret, const Policy *policy, const Host *host, const PlanRequest *request, Report *report,
             int *ret_status);

/* Makes only the system call filter of a plan, which depends on nothing else in it: to compare it with the filter of a
 * running process. Returns 0 or a negative errno, reported. */
int plan_filter(Plan **ret, const Policy *policy, const Host *host, Report *report);
