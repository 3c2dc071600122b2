/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "plan/plan.h"

/* Gets a plan entry by entry, and prints it: as text, as JSON. */
typedef struct PlanPrinter {
        /* Each section comes once, before its entries. */
        void (*section)(void *userdata, const char *name);
        /* origin NULL: not of the policy's making. Nothing in value is escaped. */
        void (*entry)(void *userdata, const char *key, const char *value, const Origin *origin);
} PlanPrinter;

/* Returns 0 or -ENOMEM. */
int plan_print(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata);

/* Prints a plan as text for people. Returns as plan_print(). */
int plan_print_text(const Plan *plan, const Policy *policy, FILE *f);
