/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine's users and groups: passwd(5), group(5) and the other sources of nsswitch.conf(5). A lookup can be slow,
 * so it is done only if the policy needs it. */

#include <stddef.h>
#include <sys/types.h>

typedef struct HostUser {
        uid_t uid;
        gid_t gid;
        char *name, *home, *shell;
} HostUser;

void host_user_deinit(HostUser *user);

/* These write *ret only on success. They return 0, -ESRCH if there is no such user or group, or -ENOMEM. */
int users_find_name(const char *name, HostUser *ret);
int users_find_uid(uid_t uid, HostUser *ret);
int users_find_group(const char *name, gid_t *ret);
int users_find_group_name(gid_t gid, char **ret);

/* The groups of a user, including first, on the heap. Returns 0, -ENOMEM, or -E2BIG if the groups changed during the
 * call. */
int users_find_groups(const char *name, gid_t first, gid_t **ret, size_t *ret_n);
