/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

/* cgroup-v2.rst: a cgroup has only controllers that its parent passes on. */
int controllers_read(const Host *host, bool user_manager, char **ret) {
        _cleanup_free_ char *manager = user_manager ? host_user_manager(host) : strdup(""), *path = NULL;

        if (!host->cgroup_root)
                return -ENOENT;
        path = manager ? format("%s%s/cgroup.controllers", host->cgroup_root, manager) : NULL;
        return path ? file_read(AT_FDCWD, path, ret, NULL) : -ENOMEM;
}

bool controllers_have(const char *controllers, const char *file) {
        size_t n = strcspn(file, ".");

        for (const char *p = controllers; *p; p += strcspn(p, " \n")) {
                p += strspn(p, " \n");
                if (strcspn(p, " \n") == n && strncmp(p, file, n) == 0)
                        return true;
        }
        return false;
}
