/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --record FILE: the file. */

#include "plan/plan.h"
#include "util/report.h"

/* What is given for a record. */
typedef struct RecordOptions {
        const char *file; /* NULL: nothing is recorded */
        int tighten;
        int permissive; /* cmd/start/permissive.h */
} RecordOptions;

/* Checks options together. why: --why; without: an option that does not wait for the end of the command, or NULL.
 * Returns 0 or -EINVAL, reported. */
int record_check(const RecordOptions *options, bool why, const char *without, Report *report);

/* Before the plan is made. If FILE exists, it must be a policy, to which the record is added. Returns an fd for
 * PlanRequest.record, or -errno, reported. */
int record_begin(const RecordOptions *options, Report *report);

/* Starts the plan as start_plan() does. When the command has ended, writes the policy to FILE. */
int record_start(const Plan *plan, const RecordOptions *options, bool last_try, Report *report);
