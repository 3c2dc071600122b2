/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "plan/plan.h"
#include "plan/show/text.h"

/* Prints a plan as one JSON object. Each section is a member: an array of entries with "key", "value" and, if a policy
 * line is the reason for the entry, "origin" with "file" (null: built in) and "line". Loads libjansson, so that a start
 * without --json does not need it. Returns 0 or -errno, reported. */
int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report);

/* The same for the entries of a subject that is not a plan. */
int json_print_entries(const Entries *entries, FILE *f, Report *report);
