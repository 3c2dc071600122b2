/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes what a payload has used as a policy. The lines of the run's policy stay, but for those about files, system
 * calls, address families, peers, memory and tasks: these say what was used, and never more than the run's policy. */

#include "plan/record/locate.h"

enum { RECORD_POLICY_MAX = 1 << 20 }; /* what a policy may have: policy/policy-load.c */

/* Needs the plan's rules. *ret is on the heap. Returns 0, -E2BIG or -ENOMEM. */
int record_write(const Plan *plan, const Record *record, const RecordPeaks *peaks, RecordProgress *progress,
                 char **ret);
