/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "plan/plan.h"

/* Prints the entries of a plan, as text or as JSON. */
typedef struct PlanPrinter {
        /* Called once for each section, before its entries. */
        void (*section)(void *userdata, const char *name);
        /* origin is NULL if the entry does not come from the policy. by: "administrator" or "program", where the policy
         * is made of both; NULL where it is not, and for a default. value is not escaped. */
        void (*entry)(void *userdata, const char *key, const char *value, const Origin *origin, const char *by);
        /* Where one of the two policies allows less than the other: a decision, and what it allows in words. */
        void (*decision)(void *userdata, const Decision *decision, const char *key, const char *value);
} PlanPrinter;

/* Calls the printer for each entry of the plan. Returns 0 or -ENOMEM. */
int plan_print(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);

/* The same for the section of the root alone. */
int plan_print_root(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);

/* The same for what each of two policies lost. Calls nothing if the policy is not made of two. */
int plan_print_decisions(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);
