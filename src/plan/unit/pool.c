/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd puts the scope of a pool is known from its name, so a start need not ask. The one that makes the pool
 * compares it with the place that systemd has chosen. A process in a service with Delegate=yes has its pools there: the
 * limits of the service hold for all that it starts, and to stop the service stops all of them. */
#include "plan/unit/pool.h"

#include <errno.h>
#include <stdio.h>

#include "plan/unit/delegated.h"
#include "plan/unit/name.h"
#include "util/text.h"

/* systemd.slice(5): "a-b.slice" is in "a.slice". Returns the path, or NULL if memory runs out. */
static char *slice_path(const char *slice) {
        _cleanup_free_ char *path = strdup("");

        if (streq(slice, "-.slice"))
                return TAKE_PTR(path);
        for (size_t n = strcspn(slice, "-"); path && slice[n]; n += 1 + strcspn(slice + n + 1, "-")) {
                char *longer = format("%s/%.*s.slice", path, (int) n, slice);

                free(path);
                path = longer;
        }
        return path ? format("%s/%s", path, slice) : NULL;
}

/* The cgroup that all units of the manager are in. Returns NULL if memory runs out. */
static char *manager_cgroup(const Builder *b) {
        _cleanup_free_ char *init = NULL, *user = NULL;
        char *end;
        int r;

        /* The system's manager is in init.scope at the root of its tree. If it cannot be seen, the root is "/". */
        r = b->host->find_init_cgroup(&init);
        if (r == -ENOMEM)
                return NULL;
        if (r < 0)
                init = strdup("/init.scope");
        end = init && endswith(init, "/init.scope") ? init + strlen(init) - strlen("/init.scope") : NULL;
        if (end)
                *end = '\0';
        else if (init && streq(init, "/"))
                *init = '\0';
        if (!b->plan->user_manager || !init)
                return TAKE_PTR(init);
        user = host_user_manager(b->host);
        return user ? format("%s%s", init, user) : NULL;
}

/* A pool in a service with Delegate=yes, or without systemd in another delegated cgroup. Returns 1, 0 if there is none,
 * or -ENOMEM. */
static int build_below(Builder *b, const char *name) {
        _cleanup_(delegated_service_deinit) DelegatedService service = {};
        Plan *plan = b->plan;
        int r;

        if (b->request->no_scope || b->request->manager != MANAGER_AUTO)
                return 0;
        r = delegated_find_service(b->host, &service);
        if (r == 0 && service.asked)
                plan->pool_undelegated = TAKE_PTR(service.cgroup);
        if (r > 0) {
                plan->user_manager = service.of_user;
                plan->pool = TAKE_PTR(service.unit);
                plan->pool_base = TAKE_PTR(service.cgroup);
        } else if (r == 0 && plan->holder == HOLDER_NONE) {
                r = delegated_find(b, &plan->pool_base);
                plan->pool = r > 0 ? format(POOL_PREFIX "%s", name) : NULL;
        }
        if (r <= 0)
                return r;
        plan->cgroup = format("%s/" POOL_PREFIX "%s", streq(plan->pool_base, "/") ? "" : plan->pool_base, name);
        return plan->cgroup && plan->pool ? 1 : -ENOMEM;
}

/* A pool that is a scope. Returns 1 or -ENOMEM. */
static int build_scope(Builder *b, const char *name) {
        const Setting *slice = policy_get(b->policy, D_Slice);
        _cleanup_free_ char *manager = NULL, *slices = NULL;
        Plan *plan = b->plan;
        const char *rest;

        manager = manager_cgroup(b);
        slices = slice_path(slice ? slice->value.text : "isorun.slice");
        plan->pool = format(POOL_PREFIX "%s.scope", name);
        if (!manager || !slices || !plan->pool)
                return -ENOMEM;
        plan->cgroup = format("%s%s/%s/" POOL_INSTANCES, manager, slices, plan->pool);
        if (!plan->cgroup)
                return -ENOMEM;
        rest = b->host->cgroup ? startswith(b->host->cgroup, manager) : NULL;
        plan->pool_by_bus = plan->user_manager && b->host->uid != 0 && (!rest || *rest != '/');
        return 1;
}

int build_pool(Builder *b, const char *no_manager) {
        const Setting *pool = policy_get(b->policy, D_Pool);
        int r;

        if (!pool)
                return 0;
        if (b->plan->holder == HOLDER_SERVICE)
                no_manager = "isorun is the main process of a service, and cannot leave it for a pool";
        r = b->plan->holder == HOLDER_SERVICE ? 0 : build_below(b, pool->value.text);
        if (r != 0)
                return r;
        if (b->plan->holder != HOLDER_SCOPE)
                return build_may_lack(b, D_Pool, pool->origin, no_manager) ? 0 : -EOPNOTSUPP;
        return build_scope(b, pool->value.text);
}

int pool_suits_batch(const Host *host, const PlanRequest *request) {
        _cleanup_(delegated_service_deinit) DelegatedService service = {};
        PlanRequest named = *request;
        PlanUnit unit;

        named.name = ""; /* its name does not matter */
        if (plan_unit(host, &named, &unit) < 0)
                return -ENOMEM;
        free(unit.name);
        if (unit.holder != HOLDER_NONE || request->no_scope || request->manager != MANAGER_AUTO)
                return unit.holder == HOLDER_SCOPE;
        return delegated_find_service(host, &service);
}
