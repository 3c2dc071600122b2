/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/here.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/macro.h"
#include "util/path.h"

static const char *home_of(uid_t uid) {
        const struct passwd *user = getpwuid(uid);

        return user ? user->pw_dir : NULL;
}

/* Compares a directory with a home directory, through its symlinks. */
static const char *compare(const char *here, const char *directory) {
        _cleanup_free_ char *home = directory ? realpath(directory, NULL) : NULL;

        /* Some system users have "/" or "/nonexistent". */
        if (!home || streq(home, "/"))
                return NULL;
        return streq(home, here)           ? "is the home directory, with its keys"
               : path_is_below(home, here) ? "has more than one command needs"
                                           : NULL;
}

/* $HOME is another user's under sudo, and not set in a service. So the owner's home directory counts as well. */
const char *too_much_to_show(const char *here) {
        bool all = streq(here, "/") || streq(here, "/home");
        const char *reason = all ? "has more than one command needs" : compare(here, getenv("HOME"));
        struct stat st;

        if (!reason)
                reason = compare(here, home_of(geteuid()));
        if (!reason && stat(here, &st) >= 0)
                reason = compare(here, home_of(st.st_uid));
        return reason;
}
