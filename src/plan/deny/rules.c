/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/rules.h"

#include <errno.h>

#include "policy/value/names.h"
#include "util/array.h"

bool may_have_rule(const Plan *plan, int number) {
        return number >= 0 || (number < SYSCALL_UNKNOWN && plan->n_architectures > 0);
}

int argument_rule_add(Plan *plan, PlanArgumentRule rule) {
        PlanArgumentRule *r;

        rule.number = syscall_number(rule.name);
        if (!may_have_rule(plan, rule.number))
                return 0;
        r = ARRAY_APPEND(plan->argument_rules, plan->n_argument_rules);
        if (!r)
                return -ENOMEM;
        *r = rule;
        return 0;
}

int argument_rules_add(Plan *plan, const PlanArgumentRule *rules, size_t n) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = argument_rule_add(plan, rules[i]);
        return r;
}
