/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl build by a user: in the tree, root is the caller, and the other ids are the caller's subordinate ids. */
#include "plan/who/tree.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "plan/who/private-ids.h"

int build_tree_maps(Builder *b) {
        Plan *plan = b->plan;
        BuildRanges ranges = {};
        const char *why = build_ranges(b->host, plan, &ranges);

        if (why)
                report_notice(b->report, "this build has only one user, root: %s", why);
        plan->deny_setgroups = why;
        if (build_map_from_own(b->host->uid, why ? NULL : &ranges.uids, &plan->uid_map) < 0 ||
            build_map_from_own(b->host->gid, why ? NULL : &ranges.gids, &plan->gid_map) < 0)
                return -ENOMEM;
        if (why) {
                free(plan->uid_helper);
                free(plan->gid_helper);
                plan->uid_helper = plan->gid_helper = NULL;
        }
        return 0;
}

int build_tree_ids(Builder *b) {
        const Setting *user = policy_get(b->policy, D_User), *group = policy_get(b->policy, D_Group);

        if (user || group)
                return build_error(b, user ?: group, user ? D_User : D_Group, EINVAL,
                                   "cannot be set in a build: the command runs as the tree's root");

        /* uid and gid are 0. set_ids drops the caller's groups, unless setgroups(2) is denied. */
        b->plan->set_ids = !b->plan->deny_setgroups;
        return build_name_root(b);
}

int build_tree_root(Builder *b, const PlanSource *root) {
        const Setting *s = policy_get(b->policy, D_RootDirectory);
        struct statvfs mount;
        struct stat tree, own;

        if (!plan_source_has_path(root))
                return build_error(b, s, D_RootDirectory, EINVAL,
                                   "%s is not a single directory that a build can write to",
                                   s->value.text);
        if (stat(root->path, &tree) < 0 || statvfs(root->path, &mount) < 0 || stat("/", &own) < 0)
                return build_error(b, s, D_RootDirectory, errno, "%s: %s", root->path, strerror(errno));
        /* Compares inodes, because a path may lead to / by a symlink or a bind mount. */
        if (tree.st_dev == own.st_dev && tree.st_ino == own.st_ino)
                return build_error(b, s, D_RootDirectory, EPERM, "refused: --root is this machine's own root");
        if (mount.f_flag & ST_RDONLY)
                return build_error(b, s, D_RootDirectory, EROFS, "%s is mounted read-only", root->path);
        return 0;
}
