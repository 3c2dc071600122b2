/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Prints the plan on standard output. Returns an exit status. */
int print_plan(const Plan *plan, const Policy *policy, bool json, Report *report);
