/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "plan/show/text.h"

/* Prints the plan on standard output: as JSON, or else in this form. Returns an exit status. */
int print_plan(const Plan *plan, const Policy *policy, bool json, PlanForm form, Report *report);
