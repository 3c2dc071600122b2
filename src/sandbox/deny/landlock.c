/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/deny/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "plan/deny/landlock.h"
#include "util/fd-bin.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/landlock.h"

static int add_port(int ruleset, const PlanLandlockRule *rule, Failure *f) {
        const LandlockPort attr = { .allowed_access = rule->access, .port = rule->port };

        return sys_landlock_add_rule(ruleset, LANDLOCK_TYPE_PORT, &attr) < 0
                       ? fail(f, errno, "cannot add the Landlock rule for port %u", rule->port) : 0;
}

/* Takes the rights away that only a directory can have. Returns 0 or -errno. */
static int fit_access(int fd, unsigned abi, struct landlock_path_beneath_attr *attr) {
        struct stat st;

        if (fd < 0)
                return 0;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode))
                attr->allowed_access &= landlock_rights_mask(abi, LANDLOCK_GROUP_FILE);
        return 0;
}

static int add_rule(int ruleset, const Plan *plan, const PlanLandlockRule *rule, FdBin *spent, Failure *f) {
        int fd = open(rule->path, O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr attr = { .allowed_access = rule->access, .parent_fd = fd };

        fd_bin_add(spent, fd);
        if (fd < 0 && errno == ENOENT && rule->optional)
                return 0;
        if (rule->found_inside && fit_access(fd, plan->landlock_abi, &attr) < 0)
                return fail(f, errno, "cannot look at %s", rule->path);
        if (rule->found_inside && !attr.allowed_access) /* a file has none of these rights */
                return 0;
        if (fd < 0 || sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr) < 0)
                return fail(f, errno, "cannot add the Landlock rule for %s", rule->path);
        return 0;
}

int landlock_allow(int ruleset, int directory, uint64_t access, Failure *f) {
        struct landlock_path_beneath_attr attr = { .allowed_access = access, .parent_fd = directory };

        /* EBADFD: the file is on a mount of the kernel's own, as one of memfd_create(2). Landlock handles none of
         * these. */
        if (sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr) < 0 && errno != EBADFD)
                return fail(f, errno, "cannot add a Landlock rule");
        return 0;
}

int landlock_prepare(const Plan *plan, Failure *f, int *ret) {
        const LandlockRulesetAttr attr = { .handled_access_fs = plan->landlock_files,
                                           .handled_access_net = plan->landlock_net, .scoped = plan->landlock_scope };
        /* Older kernels know a shorter structure. It is enough if the plan has nothing for the rest. */
        size_t size = plan->landlock_scope ? sizeof(attr)
                      : plan->landlock_net ? offsetof(LandlockRulesetAttr, scoped)
                                           : sizeof(attr.handled_access_fs);
        _cleanup_fd_bin_ FdBin spent = {};
        _cleanup_close_ int fd = -1;

        *ret = -1;
        if (!plan->landlock_files && !plan->landlock_net && !plan->landlock_scope)
                return 0;

        fd = sys_landlock_create_ruleset(&attr, size, 0);
        if (fd < 0)
                return fail(f, errno, "cannot create a Landlock ruleset");
        for (size_t i = 0; i < plan->n_landlock_rules; i++) {
                const PlanLandlockRule *rule = &plan->landlock_rules[i];
                int r = rule->path ? add_rule(fd, plan, rule, &spent, f) : add_port(fd, rule, f);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_FD(fd);
        return 0;
}
