/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a message tells the reader to write. It is an option of isorun only for a reader who types those: isoctl, a
 * program that isolates itself and a unit file have policies alone. */

#include "plan/plan.h"

/* Begins the assignment "KEY=VALUE": "-p ", or "the line ". */
static inline const char *plan_option(const Plan *plan) {
        return plan->typed ? "-p " : "the line ";
}

/* What to do if the name is in use. */
static inline const char *plan_other_name(const Plan *plan) {
        return plan->typed ? " (--name sets another name)" : "";
}

/* Says what runs without the directives of these names: " (-p Optional=MemoryMax runs without it)". On the heap; NULL
 * when memory runs out. names ends with NULL. */
char *plan_optional_hint(const Plan *plan, const char *const *names);

/* Says what shows a path inside: "-v /srv:ro shows it". On the heap; NULL when memory runs out. */
char *plan_show_hint(const Plan *plan, const char *path);
