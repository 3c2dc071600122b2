/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/why/question.h"

/* What the payload gets when it uses a path. Returns 0, -ENOMEM or -EINVAL. */
int why_file(const Plan *plan, const WhyQuestion *question, WhyAnswer *a);
