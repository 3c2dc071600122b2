/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine's users and groups: passwd(5), group(5) and whatever else nsswitch.conf(5) names. A lookup may take a while,
 * so it is done only where the policy needs it. */

#include <stddef.h>
#include <sys/types.h>

typedef struct HostUser {
        uid_t uid;
        gid_t gid;
        char *name, *home, *shell;
} HostUser;

void host_user_deinit(HostUser *user);

/* Each fills *ret on success only. Returns 0, -ESRCH where there is nobody of that name or number, or -ENOMEM. */
int users_find_name(const char *name, HostUser *ret);
int users_find_uid(uid_t uid, HostUser *ret);
int users_find_group(const char *name, gid_t *ret);

/* The groups of a user, first among them, on the heap. Returns 0, -ENOMEM, or -E2BIG where they change while they are
 * read. */
int users_find_groups(const char *name, gid_t first, gid_t **ret, size_t *ret_n);
