/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "plan/plan.h"

/* Prints a plan as one JSON object: a member for each section, an array of entries with "key", "value" and, where
 * the policy made it, "origin" with "file" (null: built in) and "line". Returns 0 or -errno, reported. */
int json_print_plan(const Plan *plan, const Policy *policy, FILE *f, Report *report);

/* Prints the value and a newline. Returns 0 or -errno. */
int json_print(const json_t *value, FILE *f);

/* A string of any bytes: where they are no UTF-8, as \xHH. */
json_t *json_text(const char *s);
