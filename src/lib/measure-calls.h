/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Makes each system call that the filter of plan denies, with arguments that do nothing if it is allowed. *ret is the
 * first call that is not denied, NULL if all are; it is constant. Returns 0 or -errno. */
int measure_calls(const Plan *plan, const char **ret);
