/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --record FILE: the file. */

#include "plan/plan.h"
#include "util/report.h"

/* Before the plan is made. FILE must not exist. Returns an fd for PlanRequest.record, or -errno, reported. */
int record_begin(const char *file, Report *report);

/* Starts the plan as start_plan() does. When the command has ended, writes the policy to FILE. */
int record_start(const Plan *plan, const char *file, bool last_try, Report *report);
