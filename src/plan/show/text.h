/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prints a plan as text. */

#include <stdio.h>

#include "plan/plan.h"

typedef enum PlanForm {
        FORM_SUMMARY, /* plan/show/summary.h */
        FORM_TREE,    /* the summary, and the root as a tree */
        FORM_WHOLE,   /* the summary, and all entries */
} PlanForm;

/* Returns 0 or -ENOMEM. */
int plan_print_text(const Plan *plan, const Policy *policy, PlanForm form, FILE *f);
