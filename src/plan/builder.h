/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of a plan are made with: plan_new() calls one after the other. Each fills its part of the plan from
 * the policy, and returns 0 or a negative errno after it has reported every mistake that it found, but for
 * -ENOMEM, which plan_new() reports. */

#include "plan/plan.h"
#include "plan/request.h"

typedef struct Builder {
        Plan *plan;
        const Policy *policy;
        const Host *host;
        const PlanRequest *request;
        Report *report;
        int status; /* exit status of a failure, PLAN_* */
        HostUser user; /* of User=; without names where there is none */
} Builder;

/* Reports that what a setting asks cannot be had, unless Optional= names its directive; then a notice, once for
 * each directive. Returns whether to go on without. */
bool build_may_lack(Builder *b, DirectiveId id, Origin origin, const char *reason);

/* Reports at a setting; returns -error. */
int build_error(Builder *b, const Setting *setting, DirectiveId id, int error, const char *format, ...)
        _printf_(5, 6);

static inline const SettingList *build_list(Builder *b, DirectiveId id) {
        return &b->policy->settings[id];
}
