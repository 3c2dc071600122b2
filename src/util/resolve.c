/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/resolve.h"

#include <errno.h>
#include <fcntl.h>

#include "util/fd.h"
#include "util/macro.h"
#include "util/path.h"
#include "util/text.h"

/* As many as the kernel follows: path_resolution(7). */
enum { LINKS_MAX = 40 };

static int replace(char **text, char *by) {
        if (!by)
                return -ENOMEM;
        free(*text);
        *text = by;
        return 0;
}

/* Moves the first component of *rest to *real. Returns 1 if it is a symlink: then *rest begins with its target, and
 * *link is its path. */
static int step(char **real, char **rest, char **link) {
        size_t begin = strspn(*rest, "/"), n = strcspn(*rest + begin, "/");
        _cleanup_free_ char *name = strndup(*rest + begin, n), *next = NULL, *target = NULL;
        int r;

        if (!name)
                return -ENOMEM;
        next = streq(name, "..")              ? path_parent(*real)
               : n > 0 && !streq(name, ".") ? path_join(*real, name)
                                            : strdup(*real);
        if (!next)
                return -ENOMEM;
        /* What is above *real, and itself, are no symlinks. */
        r = strlen(next) > strlen(*real) ? link_read(AT_FDCWD, next, &target) : 0;
        if (r < 0 && r != -EINVAL) /* EINVAL: not a symlink */
                return r;
        r = replace(rest, format("%s%s", target ?: "", *rest + begin + n));
        if (r < 0)
                return r;
        if (!target)
                return replace(real, TAKE_PTR(next));
        r = target[0] == '/' ? replace(real, strdup("/")) : 0;
        return r < 0 ? r : replace(link, TAKE_PTR(next)) < 0 ? -ENOMEM : 1;
}

int resolve(const char *path, int (*followed)(void *userdata, const char *link), void *userdata, char **ret) {
        _cleanup_free_ char *real = strdup("/"), *rest = strdup(path), *link = NULL;
        int n_links = 0;

        if (!real || !rest)
                return -ENOMEM;
        if (path[0] != '/')
                return -EINVAL;
        while (*rest) {
                int r = step(&real, &rest, &link);

                if (r > 0)
                        r = ++n_links > LINKS_MAX ? -ELOOP : followed(userdata, link);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(real);
        return 0;
}
