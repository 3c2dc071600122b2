/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the system call filter. */
int build_filter(Builder *b);

/* Does the same without the filter's program: only the calls and rules. */
int build_filter_rules(Builder *b);

/* Fills in plan->calls: which calls the policy allows, whatever their arguments. Returns 0 or -ENOMEM. */
int build_permitted_calls(Plan *plan, const Policy *policy);

/* Whether the policy lets the payload leave core dumps. */
bool build_allows_core(const Policy *policy);
