/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/user-line.h"

#define PASSWD "/etc/passwd"

/* The image may have anything there: opens only a regular file, and only the one that it has looked at. Not by an fd of
 * that in /proc, which is the image's, too. */
static int open_passwd(void) {
        const struct open_how place = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS },
                              how = { .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                      .resolve = RESOLVE_NO_MAGICLINKS };
        _cleanup_close_ int found = sys_openat2(AT_FDCWD, PASSWD, &place), fd = -1;
        struct stat a, b;

        if (found < 0 || fstat(found, &a) < 0 || !S_ISREG(a.st_mode))
                return -ENOENT;
        fd = sys_openat2(AT_FDCWD, PASSWD, &how);
        return fd >= 0 && fstat(fd, &b) >= 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino ? TAKE_FD(fd) : -ENOENT;
}

static char *find_home(uid_t uid) {
        _cleanup_close_ int fd = open_passwd();
        _cleanup_free_ char *text = NULL;
        UserLine user;

        if (fd < 0 || fd_read_all(fd, &text, NULL) < 0)
                return strdup("/");
        for (char *rest = text; user_line_next(&rest, &user);)
                if (user.uid == uid && *user.home)
                        return strdup(user.home);
        return strdup("/");
}

/* Whether a later one of the variables has the same name. */
static bool is_replaced(char *const *variable) {
        const size_t n = strcspn(*variable, "=");

        for (char *const *later = variable + 1; *later; later++)
                if (strncmp(*later, *variable, n) == 0 && ((*later)[n] == '=' || !(*later)[n]))
                        return true;
        return false;
}

static int make(const SpecProcess *process, char ***ret) {
        _cleanup_strv_free_ char **all = calloc(1, sizeof(*all));
        _cleanup_free_ char *home = NULL;
        bool has_home = false;

        if (!all)
                return -ENOMEM;
        for (char *const *v = process->environment; v && *v; v++) {
                if (is_replaced(v) || streq(*v, "HOME="))
                        continue;
                has_home = has_home || startswith(*v, "HOME=");
                if (strv_push(&all, *v) < 0)
                        return -ENOMEM;
        }
        home = has_home ? NULL : find_home(process->uid);
        if (!has_home && (!home || strv_pushf(&all, "HOME=%s", home) < 0))
                return -ENOMEM;
        *ret = TAKE_PTR(all);
        return 0;
}

int environment_make(const SpecProcess *process, char ***ret, Failure *f) {
        int r = make(process, ret);

        return r < 0 ? fail(f, -r, "cannot make the environment") : 0;
}
