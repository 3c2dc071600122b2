/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/deny/assembler.h"
#include "plan/plan.h"

/* Writes the filter of the plan's calls and argument rules for the native architecture. A call of another architecture
 * kills the process. Depends on nothing but the plan. The caller frees the result. Returns 0, -E2BIG if the kernel
 * takes no program of this length, or -ENOMEM. */
int program_make(const Plan *plan, struct sock_filter **ret, size_t *ret_n);
