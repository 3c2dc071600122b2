/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Rules of the filter that deny a call because of an argument: PlanArgumentRule. */

/* Initialisers: denies a call always, or if argument n, masked, has a value. */
#define ANY(call, e, why) { .name = call, .test = ARGUMENT_ANY, .error = e, .reason = why }
#define MASKED(call, n, m, v, e, why)                                                                            \
        { .name = call, .argument = n, .test = ARGUMENT_MASKED_EQUAL, .mask = m, .value = v, .error = e, .reason = why }

/* Whether the filter can have a rule for a call with this number. */
bool may_have_rule(const Plan *plan, int number);

/* Appends rules for calls that the plan's architectures have. The number of the rule is filled in. Returns 0 or
 * -ENOMEM. */
int argument_rule_add(Plan *plan, PlanArgumentRule rule);
int argument_rules_add(Plan *plan, const PlanArgumentRule *rules, size_t n);
