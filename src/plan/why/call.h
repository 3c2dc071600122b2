/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/why/question.h"

/* What the filter answers to a system call. Returns 0, -ENOMEM or -EINVAL. */
int why_call(const Plan *plan, const WhyQuestion *question, WhyAnswer *a);
