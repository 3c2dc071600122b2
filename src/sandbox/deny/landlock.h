/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* Inside: makes a ruleset of the plan's Landlock rules. Their paths are looked up in the root of this process. *ret is
 * its fd, which the caller closes, or -1 if the plan has no rules. Returns 0, or a negative errno kept in f. */
int landlock_prepare(const Plan *plan, Failure *f, int *ret);

/* Inside, before landlock_restrict_self(2): also allows access (LANDLOCK_ACCESS_FS_*) to a file, or to the files below
 * a directory. Returns 0, or a negative errno kept in f. */
int landlock_allow(int ruleset, int directory, uint64_t access, Failure *f);
