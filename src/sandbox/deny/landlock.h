/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* Makes the ruleset of the plan's Landlock rules, by their paths in the root of this process. *ret is its fd, which
 * the caller closes, or -1 where the plan has none. Returns 0, or a negative errno kept in f. */
int landlock_prepare(const Plan *plan, Failure *f, int *ret);

/* Lets the domain write below a directory beside what the plan says; ruleset -1: there is none. Returns as above. */
int landlock_allow_writing(int ruleset, int directory, Failure *f);
