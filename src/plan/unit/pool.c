/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd puts the scope of a pool is known from its name, so a start need not ask. The one that makes the pool
 * compares it with the place that systemd has chosen. */
#include "plan/unit/pool.h"

#include <errno.h>
#include <stdio.h>

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

int build_pool(Builder *b, const char *no_manager) {
        const Setting *pool = policy_get(b->policy, D_Pool), *slice = policy_get(b->policy, D_Slice);
        _cleanup_free_ char *manager = NULL, *slices = NULL;
        Plan *plan = b->plan;
        const char *rest;

        if (!pool)
                return 0;
        if (plan->holder == HOLDER_SERVICE)
                no_manager = "isorun is the main process of a service, and cannot leave it for a pool";
        if (plan->holder != HOLDER_SCOPE)
                return build_may_lack(b, D_Pool, pool->origin, no_manager) ? 0 : -EOPNOTSUPP;

        manager = manager_cgroup(b);
        slices = slice_path(slice ? slice->value.text : "isorun.slice");
        plan->pool = format(POOL_PREFIX "%s.scope", pool->value.text);
        if (!manager || !slices || !plan->pool)
                return -ENOMEM;
        plan->cgroup = format("%s%s/%s/" POOL_INSTANCES, manager, slices, plan->pool);
        if (!plan->cgroup)
                return -ENOMEM;
        rest = b->host->cgroup ? startswith(b->host->cgroup, manager) : NULL;
        plan->pool_by_bus = plan->user_manager && b->host->uid != 0 && (!rest || *rest != '/');
        return 1;
}
