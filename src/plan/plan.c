/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include <errno.h>

#include "plan/builder.h"
#include "plan/root/model.h"
#include "util/strv.h"

int build_error(Builder *b, const Setting *setting, DirectiveId id, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = report_error_atv(b->report, setting->origin, directive_table[id].name, error, format, ap);
        va_end(ap);
        return r;
}

bool build_may_lack(Builder *b, DirectiveId id, Origin origin, const char *reason) {
        const char *name = directive_table[id].name;

        if (policy_optional(b->policy, id)) {
                report_notice_at(b->report, origin, name, "not enforced: %s", reason);
                return true;
        }

        report_error_at(b->report, origin, name, EOPNOTSUPP, "cannot be enforced: %s (-p Optional=%s runs without it)",
                        reason, name);
        return false;
}

Plan *plan_free(Plan *plan) {
        if (!plan)
                return NULL;

        for (size_t i = 0; i < plan->n_mounts; i++)
                plan_mount_deinit(&plan->mounts[i]);
        free(plan->mounts);
        free(plan->name);
        free(plan->unit);
        free(plan->policy);
        free(plan->description);
        free(plan->cgroup);
        free(plan->cgroup_root);
        free(plan->properties);
        free(plan->uid_map);
        free(plan->gid_map);
        free(plan->inner_uid_map);
        free(plan->inner_gid_map);
        free(plan->uid_helper);
        free(plan->gid_helper);
        free(plan->groups);
        free(plan->calls);
        free(plan->argument_rules);
        free(plan->architectures);
        free(plan->landlock_rules);
        strv_free(plan->landlock_paths);
        strv_free(plan->arguments);
        free(plan->executable);
        strv_free(plan->environment);
        strv_free(plan->unit_origins);
        free(plan->working_directory);
        free(plan->limits);
        free(plan->notify);
        free(plan);
        return NULL;
}

const PlanMount *plan_find_mount(const Plan *plan, const char *destination) {
        size_t low = 0, high = plan->n_mounts;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int c = destination_compare(destination, plan->mounts[middle].destination);

                if (c == 0)
                        return &plan->mounts[middle];
                if (c < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

static int build_names(Builder *b) {
        const Setting *description = policy_get(b->policy, D_Description);
        Plan *plan = b->plan;

        plan->source = b->policy;
        plan->name = strdup(b->request->name);
        plan->policy = strdup(b->request->policy);
        plan->description = strdup(description ? description->value.text : "");
        return plan->name && plan->policy && plan->description ? 0 : report_oom(b->report);
}

int plan_new(Plan **ret, const Policy *policy, const Host *host, const PlanRequest *request, Report *report,
             int *ret_status) {
        /* In this order, since each looks at what the ones before it have filled in. */
        static int (*const parts[])(Builder *) = {
                build_names,        build_holder,      build_machine,  build_notify,    build_identity,
                build_capabilities, build_environment, build_filter,   build_resources, build_terminal,
                build_root,         build_landlock,    build_inner_cgroup,
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
        int result = plan ? 0 : report_oom(report);

        for (size_t i = 0; i < ELEMENTSOF(parts) && result != -ENOMEM; i++) {
                int r = parts[i](&b);

                /* That the command is not found says less than that something else is wrong. */
                if (r < 0 && result < 0)
                        b.status = PLAN_FAILED;
                if (r < 0 && result == 0)
                        result = r;
        }
        free(b.user_name);
        free(b.user_home);
        free(b.user_shell);

        if (result < 0) {
                *ret_status = b.status;
                return result;
        }
        *ret = TAKE_PTR(plan);
        return 0;
}
