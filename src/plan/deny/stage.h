/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* What isorun_restrict(3) does for a stage. Its plan has a filter, Landlock rules, and in bounding the capabilities
 * that stay; paths are those inside. */
typedef struct StagePlan {
        const PolicyStage *stage;
        Policy *policy; /* complete: what the stage permits */
        Plan *plan;
        bool drops_capabilities;
} StagePlan;

void stage_plan_deinit(StagePlan *s);

/* Plans a stage. policy is complete, and lives as long as the plan. If the host cannot enforce a line, that is an
 * error. Returns 0 or -errno, reported. */
int stage_plan_init(StagePlan *ret, const Policy *policy, const PolicyStage *stage, const Host *host, Report *report);

/* Narrows a copy of the program's plan to the system calls and capabilities of the stage, with which it shares memory
 * then. What Landlock takes away in the stage is not in the copy. */
void stage_plan_narrow(const StagePlan *s, Plan *copy);

/* Plans all stages, only to report what the host cannot enforce. */
int build_stages(Builder *b);
