/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prints a plan as text. */

#include <stdio.h>

#include "plan/show/output.h"
#include "plan/show/summary-line.h"

typedef enum PlanForm {
        FORM_SUMMARY, /* plan/show/summary-line.h */
        FORM_TREE,    /* the summary, and the root as a tree */
        FORM_WHOLE,   /* the summary, and all entries */
} PlanForm;

/* A subject that is not a plan, and prints like one. Each function returns 0 or -ENOMEM. */
typedef struct Entries {
        void *subject;
        int (*summarize)(void *subject, Summary *ret);
        int (*print)(void *subject, const PlanPrinter *printer, void *userdata);
        int (*print_root)(void *subject, const PlanPrinter *printer, void *userdata); /* sorted, as a tree needs it */
} Entries;

/* Returns 0 or -ENOMEM. */
int entries_print_text(const Entries *entries, PlanForm form, FILE *f);

/* Returns 0 or -ENOMEM. */
int plan_print_text(const Plan *plan, const Policy *policy, PlanForm form, FILE *f);
