/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prints a plan as text. */

#include <stdio.h>

#include "plan/show/output.h"

typedef enum PlanForm {
        FORM_SUMMARY, /* plan/show/summary.h */
        FORM_TREE,    /* the summary, and the root as a tree */
        FORM_WHOLE,   /* the summary, and all entries */
} PlanForm;

/* Calls the printer for each entry of a subject that is not a plan. Returns 0 or -ENOMEM. */
typedef int (*EntriesPrint)(void *subject, const PlanPrinter *printer, void *userdata);

/* Prints its entries. Returns 0 or -ENOMEM. */
int entries_print_text(EntriesPrint print, void *subject, FILE *f);

/* Returns 0 or -ENOMEM. */
int plan_print_text(const Plan *plan, const Policy *policy, PlanForm form, FILE *f);
