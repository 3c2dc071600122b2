/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/show/output.h"

/* Calls the printer for each entry of the plan. Returns 0 or -ENOMEM. */
int plan_print(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);

/* The same for the section of the root alone. */
int plan_print_root(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);

/* The same for the decisions between an administrator's policy and a program's. Calls nothing if the policy is not made
 * of two. */
int plan_print_decisions(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);
