/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Words for what was denied. */

#include "plan/why/why.h"

/* NULL: no call has this number. */
const char *explain_call_name(int number);

/* The family of a socket(2), "AF_INET", or "". */
const char *explain_family(int number, const uint64_t arguments[static WHY_ARGUMENTS_MAX]);

/* Asks the plan about a call. Returns 0, -ENOMEM or -EINVAL. */
int explain_call(const Plan *plan, int number, const uint64_t arguments[static WHY_ARGUMENTS_MAX], WhyAnswer *ret);

/* The directive that is behind an answer with an origin, or NULL if more than one may be. */
const char *explain_directive(const Policy *policy, const WhyAnswer *answer);

/* "hidden by web.conf:12 InaccessiblePaths=", on the heap. */
char *explain_reason(const Plan *plan, const WhyAnswer *answer);
