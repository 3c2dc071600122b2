/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "plan/plan.h"

/* Prints a plan as one JSON object. Each section is a member: an array of entries with "key", "value" and, if a policy
 * line is the reason for the entry, "origin" with "file" (null: built in) and "line". Does not need libjansson, so that
 * isorun does not load it at each start. Returns 0 or -errno, reported. */
int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report);
