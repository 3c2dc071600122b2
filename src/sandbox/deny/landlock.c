/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/deny/landlock.h"

#include <errno.h>
#include <fcntl.h>

#include "util/fd-bin.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/landlock.h"

static int add_rule(int ruleset, const PlanLandlockRule *rule, FdBin *spent, Failure *f) {
        int fd = open(rule->path, O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr attr = { .allowed_access = rule->access, .parent_fd = fd };

        fd_bin_add(spent, fd);
        if (fd < 0 || sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr) < 0)
                return fail(f, errno, "cannot add the Landlock rule for %s", rule->path);
        return 0;
}

int landlock_allow(int ruleset, int directory, uint64_t access, Failure *f) {
        struct landlock_path_beneath_attr attr = { .allowed_access = access, .parent_fd = directory };

        /* EBADFD: the file is on a mount of the kernel's own, as one of memfd_create(2). Landlock handles none of these. */
        if (sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr) < 0 && errno != EBADFD)
                return fail(f, errno, "cannot add a Landlock rule");
        return 0;
}

int landlock_prepare(const Plan *plan, Failure *f, int *ret) {
        const LandlockRulesetAttr attr = { .handled_access_fs = plan->landlock_files, .scoped = plan->landlock_scope };
        /* Kernels without scopes know a shorter structure. It is enough if the plan has no scopes. */
        size_t size = plan->landlock_scope ? sizeof(attr) : sizeof(attr.handled_access_fs);
        _cleanup_fd_bin_ FdBin spent = {};
        _cleanup_close_ int fd = -1;

        *ret = -1;
        if (!plan->landlock_files && !plan->landlock_scope)
                return 0;

        fd = sys_landlock_create_ruleset(&attr, size, 0);
        if (fd < 0)
                return fail(f, errno, "cannot create a Landlock ruleset");
        for (size_t i = 0; i < plan->n_landlock_rules; i++) {
                int r = add_rule(fd, &plan->landlock_rules[i], &spent, f);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_FD(fd);
        return 0;
}
