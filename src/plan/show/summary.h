/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plan in about ten lines, each about one question that a person asks: what may the payload write, whom does it
 * reach? Each line names the lines of the policy that decided it. */

#include "plan/show/summary-line.h"

/* Fills *ret, which refers to the plan and the policy. Returns 0 or -ENOMEM. */
int plan_summarize(const Plan *plan, const Policy *policy, Summary *ret);

/* Writes it as summary_write() does. Returns 0 or -ENOMEM. */
int plan_write_summary(const Plan *plan, const Policy *policy, FILE *f);
