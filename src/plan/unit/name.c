/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit/name.h"

#include <errno.h>
#include <stdio.h>

#include "util/text.h"

int plan_unit(const Host *host, const PlanRequest *request, PlanUnit *ret) {
        bool user = request->manager == MANAGER_USER || (request->manager == MANAGER_AUTO && host->uid != 0);
        PlanUnit unit = { .holder = HOLDER_NONE, .user_manager = user };

        if (host->unit) {
                unit.holder = HOLDER_SERVICE;
                unit.user_manager = strstr(host->cgroup, "/user@") && strstr(host->cgroup, ".service/");
                unit.name = strdup(host->unit);
        } else {
                if (!request->no_scope && (user ? host->user_manager : host->system_manager))
                        unit.holder = HOLDER_SCOPE;
                unit.name = format("isorun-%s.scope", request->name);
        }
        if (!unit.name)
                return -ENOMEM;
        *ret = unit;
        return 0;
}

PlanUnit plan_unit_of(const Plan *plan) {
        bool without_unit = plan->pool_base && !plan_unit_is_service(plan->pool);

        return (PlanUnit) { .holder = without_unit ? HOLDER_CGROUP : plan->holder, .user_manager = plan->user_manager,
                            .name = plan->pool ?: plan->unit };
}
