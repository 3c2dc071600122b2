/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/config-home.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "util/macro.h"
#include "util/text.h"

static bool belongs_to(const char *path, uid_t uid) {
        struct stat st;

        return stat(path, &st) >= 0 && (st.st_uid == uid || st.st_uid == 0);
}

int config_home_find(const char *config_home, const char *home, uid_t uid, const char *name, char **ret) {
        const char *base = config_home && config_home[0] == '/' ? config_home : home;
        _cleanup_free_ char *path = NULL;
        struct stat st;

        *ret = NULL;
        if (!base || base[0] != '/')
                return 0;
        path = format("%s%s/isorun/%s", base, base == config_home ? "" : "/.config", name);
        if (!path)
                return -ENOMEM;
        /* The owner of the base can replace what is below it. */
        if (stat(path, &st) < 0 ? errno != ENOENT : !belongs_to(base, uid) || !belongs_to(path, uid))
                return 0;
        *ret = TAKE_PTR(path);
        return 0;
}
