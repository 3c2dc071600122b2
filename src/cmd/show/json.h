/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "plan/plan.h"

/* Prints a plan as one JSON object. Each section is a member: an array of entries with "key", "value" and, if a policy
 * line is the reason for the entry, "origin" with "file" (null: built in) and "line". Returns 0 or -errno, reported. */
int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report);

/* Prints value and a newline. Returns 0 or -errno. */
int json_print(const json_t *value, FILE *f);

/* Makes a JSON string of any bytes. If they are not UTF-8, they are written as \xHH. */
json_t *json_text(const char *s);
