/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Writes the policy that the plan is made from, as promises (plan/show/promises.h), for isoctl diff of an instance.
 * ORIGIN is "".
 *
 *     setting NAME VALUE FILE LINE     FILE is "" for a built-in line
 *     no-line NAME                     no line means what the directive has: so the policy cannot be told
 *
 * Returns 0 or -ENOMEM. */
int plan_print_source(const Plan *plan, FILE *f);
