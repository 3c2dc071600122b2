/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "util/macro.h"

void host_user_deinit(HostUser *user) {
        free(user->name);
        free(user->home);
        free(user->shell);
        *user = (HostUser) {};
}

static int copy_user(const struct passwd *pw, HostUser *ret) {
        _cleanup_(host_user_deinit) HostUser user = {};

        if (!pw)
                return -ESRCH;
        user = (HostUser) { .uid = pw->pw_uid, .gid = pw->pw_gid, .name = strdup(pw->pw_name),
                            .home = strdup(pw->pw_dir), .shell = strdup(pw->pw_shell) };
        if (!user.name || !user.home || !user.shell)
                return -ENOMEM;
        *ret = user;
        user = (HostUser) {};
        return 0;
}

int users_find_name(const char *name, HostUser *ret) {
        return copy_user(getpwnam(name), ret);
}

int users_find_uid(uid_t uid, HostUser *ret) {
        return copy_user(getpwuid(uid), ret);
}

int users_find_group(const char *name, gid_t *ret) {
        const struct group *group = getgrnam(name);

        if (!group)
                return -ESRCH;
        *ret = group->gr_gid;
        return 0;
}

int users_find_group_name(gid_t gid, char **ret) {
        const struct group *group = getgrgid(gid);

        if (!group)
                return -ESRCH;
        *ret = strdup(group->gr_name);
        return *ret ? 0 : -ENOMEM;
}

int users_find_groups(const char *name, gid_t first, gid_t **ret, size_t *ret_n) {
        int n = 64;

        /* If the groups do not fit, getgrouplist(3) sets n to their number. */
        for (unsigned tries = 0; tries < 2; tries++) {
                gid_t *groups = calloc((size_t) n, sizeof(gid_t));

                if (!groups)
                        return -ENOMEM;
                if (getgrouplist(name, first, groups, &n) >= 0) {
                        *ret = groups;
                        *ret_n = (size_t) n;
                        return 0;
                }
                free(groups);
        }
        return -E2BIG;
}
