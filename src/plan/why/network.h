/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/why/question.h"

/* What the payload gets when it connects or listens. Returns 0, -ENOMEM or -EINVAL. */
int why_network(const Plan *plan, const WhyQuestion *question, WhyAnswer *a);
