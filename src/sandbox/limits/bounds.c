/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/limits/bounds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "util/fd.h"

/* Whether the kernel counts the resource for each user: setrlimit(2). */
static bool is_per_user(const PlanResourceLimit *l) {
        const int resource = l->directive->resource;

        return resource == RLIMIT_SIGPENDING || resource == RLIMIT_MSGQUEUE || resource == RLIMIT_MEMLOCK;
}

int bounds_lower(const Plan *plan, Bounds *ret) {
        for (size_t i = 0; i < plan->n_limits; i++) {
                const PlanResourceLimit *l = &plan->limits[i];
                const __rlimit_resource_t resource = (__rlimit_resource_t) l->directive->resource;
                struct rlimit now = l->before;

                if (!is_per_user(l))
                        continue;
                if (now.rlim_max == 0 && getrlimit(resource, &now) < 0)
                        return -errno;
                ret->before[resource] = now;
                now.rlim_cur = l->limit.rlim_max < now.rlim_max ? l->limit.rlim_max : now.rlim_max;
                if (setrlimit(resource, &now) < 0)
                        return -errno;
        }
        return 0;
}

void bounds_restore(const Plan *plan, const Bounds *before) {
        for (size_t i = 0; i < plan->n_limits; i++) {
                const __rlimit_resource_t resource = (__rlimit_resource_t) plan->limits[i].directive->resource;

                if (is_per_user(&plan->limits[i]))
                        (void) setrlimit(resource, &before->before[resource]);
        }
}

int bounds_write(const Plan *plan, int proc, Failure *f) {
        for (size_t i = 0; i < plan->n_user_limits; i++) {
                char path[64], number[32];
                int r;

                snprintf(path, sizeof(path), "sys/user/%s", plan->user_limits[i].name);
                snprintf(number, sizeof(number), "%" PRIu64, plan->user_limits[i].value);
                r = file_write(proc, path, number);
                /* A kernel without such a file does not have the thing that it limits. */
                if (r < 0 && r != -ENOENT)
                        return fail(f, -r, "cannot write /proc/%s", path);
        }
        return 0;
}
