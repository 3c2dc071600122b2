/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/instance/instance.h"
#include "plan/show/text.h"

/* Asks the instance for its plan, and prints that line by line, with control characters escaped: for root, the text may
 * be from another user. Returns 0 or -errno, reported. */
int plan_text_print(const Instance *i, PlanForm form, Report *report);
