/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/make.h"

#include <errno.h>
#include <sys/personality.h>

#include "plan/builder.h"
#include "plan/claims.h"
#include "plan/deny/filter.h"
#include "plan/deny/landlock.h"
#include "plan/deny/stage.h"
#include "plan/network/entrances.h"
#include "plan/network/peers.h"
#include "plan/payload/bounds.h"
#include "plan/payload/environment.h"
#include "plan/payload/resources.h"
#include "plan/payload/terminal.h"
#include "plan/root/root.h"
#include "plan/unit/bus.h"
#include "plan/unit/holder.h"
#include "plan/unit/machine.h"
#include "plan/unit/notify.h"
#include "plan/who/capabilities.h"
#include "plan/who/identity.h"

static int build_names(Builder *b) {
        const Setting *description = policy_get(b->policy, D_Description);
        Plan *plan = b->plan;

        plan->source = b->policy;
        plan->detached = b->request->detached;
        plan->measured = b->request->measured;
        plan->typed = b->request->typed && (!b->host->unit || b->request->detached);
        plan->record = b->request->record;
        plan->watched = b->request->watch || plan_is_recorded(plan);
        plan->symlinks_everywhere = b->request->symlinks_everywhere;
        plan->name = strdup(b->request->name);
        plan->policy = strdup(b->request->policy);
        plan->description = strdup(description ? description->value.text : "");
        return plan->name && plan->policy && plan->description ? 0 : -ENOMEM;
}

int plan_new(Plan **ret, const Policy *policy, const Host *host, const PlanRequest *request, Report *report,
             int *ret_status) {
        /* The order matters: each part uses what earlier parts have filled in. */
        static int (*const parts[])(Builder *) = {
                build_names,        build_holder,      build_machine, build_notify,    build_bus,
                build_identity,     build_peers,       build_entrances,
                build_capabilities, build_environment, build_filter,  build_resources, build_bounds,
                build_terminal,     build_root,        build_landlock,
                build_inner_cgroup, build_claims,      build_stages,
        };
        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(Plan));
        Builder b = {
                .plan = plan,
                .policy = policy,
                .host = host,
                .request = request,
                .report = report,
                .status = PLAN_FAILED,
        };
        int result = plan ? 0 : -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(parts) && result != -ENOMEM; i++) {
                int r = parts[i](&b);

                /* With several errors, the status is the general one, not that of a missing command. */
                if (r < 0 && result < 0)
                        b.status = PLAN_FAILED;
                if (r < 0 && result == 0)
                        result = r;
        }
        host_user_deinit(&b.user);

        if (result < 0) {
                *ret_status = b.status;
                return report_if_oom(report, result);
        }
        *ret = TAKE_PTR(plan);
        return 0;
}

int plan_filter(Plan **ret, const Policy *policy, const Host *host, Report *report) {
        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(Plan));
        const PlanRequest request = {};
        Builder b = { .plan = plan, .policy = policy, .host = host, .request = &request, .report = report };
        int r;

        r = plan ? build_filter_rules(&b) : -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(plan);
        return report_if_oom(report, r);
}

static unsigned get_personality(void) {
        return (unsigned) personality(0xffffffff);
}

int plan_with_rules(const Plan *plan, Plan *ret, Plan **ret_rules) {
        const Host host = { .landlock_abi = plan->landlock_abi, .get_personality = get_personality };
        Plan *rules = NULL;
        Report silent = {};
        int r = plan->n_calls == 0 ? plan_filter(&rules, plan->source, &host, &silent) : 0;

        if (r < 0)
                return r;
        *ret = *plan;
        if (rules) {
                ret->calls = rules->calls;
                ret->n_calls = rules->n_calls;
                ret->argument_rules = rules->argument_rules;
                ret->n_argument_rules = rules->n_argument_rules;
        }
        *ret_rules = rules;
        return 0;
}
