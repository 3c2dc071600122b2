/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "plan/request.h"

/* Makes the plan. All that is wrong is reported, not only the first. Returns 0; or -errno, with the exit status
 * that the failure means (PLAN_*) in *ret_status. The policy must be complete (policy_complete()) and outlive the
 * plan. */
int plan_new(Plan **ret, const Policy *policy, const Host *host, const PlanRequest *request, Report *report,
             int *ret_status);
