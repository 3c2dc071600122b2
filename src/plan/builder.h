/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state that the parts of a plan share. plan_new() calls the parts one after the other. Each fills its part of the
 * plan from the policy. It reports every error that it finds, and returns 0 or a negative errno; only -ENOMEM is left
 * to plan_new() to report. */

#include "plan/plan.h"
#include "plan/request.h"
#include "policy/stage.h"

typedef struct Builder {
        Plan *plan;
        const Policy *policy;
        const Host *host;
        const PlanRequest *request;
        const PolicyStage *stage; /* the filter is for this stage; NULL: for the start */
        Report *report;
        int status; /* the exit status if the plan fails, PLAN_* */
        HostUser user; /* the user of User=; without names if there is no such user */
} Builder;

/* Begins a notice to the reader of a plan about a line that cannot be enforced here. */
#define BUILD_REFUSED_HERE "a start on this host would be refused: "

/* Reports that the host cannot do what a setting asks: an error, or a notice if Optional= names its directive, or if
 * the plan is only for a reader. Returns whether to continue without it. */
bool build_may_lack(Builder *b, DirectiveId id, Origin origin, const char *reason);

/* Reports an error at a setting. Returns -error. */
int build_error(Builder *b, const Setting *setting, DirectiveId id, int error, const char *format, ...)
        _printf_(5, 6);

static inline const SettingList *build_list(Builder *b, DirectiveId id) {
        return &b->policy->settings[id];
}
