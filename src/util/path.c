/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/path.h"

#include <limits.h>

#include "util/macro.h"

bool path_is_safe(const char *path) {
        if (path[0] != '/')
                return false;

        for (const char *p = path; *p; p += strcspn(p, "/")) {
                p += strspn(p, "/");
                if (strcspn(p, "/") == 2 && startswith(p, ".."))
                        return false;
        }
        return true;
}

char *path_simplify(const char *path) {
        char *s = malloc(strlen(path) + 2), *out = s;

        if (!s)
                return NULL;

        for (const char *p = path; *p;) {
                size_t slashes = strspn(p, "/"), n;

                if (p == path && slashes > 0)
                        *out++ = '/';
                p += slashes;
                n = strcspn(p, "/");
                if (n == 0 || (n == 1 && *p == '.')) {
                        p += n;
                        continue;
                }
                if (out > s && out[-1] != '/')
                        *out++ = '/';
                out = mempcpy(out, p, n);
                p += n;
        }

        if (out == s)
                *out++ = '.';
        *out = '\0';
        return s;
}

char *path_join(const char *dir, const char *name) {
        size_t m = strlen(dir), n = strlen(name);
        char *path = malloc(m + n + 2), *end;

        if (!path)
                return NULL;
        end = mempcpy(path, dir, m);
        if (m == 0 || dir[m - 1] != '/')
                *end++ = '/';
        memcpy(end, name, n + 1);
        return path;
}

char *path_parent(const char *path) {
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return slash == path ? strdup("/") : strndup(path, (size_t) (slash - path));
}

const char *path_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

bool path_is_below(const char *path, const char *directory) {
        const char *rest = startswith(path, directory);

        return rest && *rest && (*rest == '/' || streq(directory, "/"));
}

bool path_is_at_or_below(const char *path, const char *directory) {
        return streq(path, directory) || path_is_below(path, directory);
}

static int compare_paths(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void path_sort(void *items, size_t n, size_t size) {
        if (n > 1)
                qsort(items, n, size, compare_paths);
}

const void *path_find_above(const void *items, size_t n, size_t size, const char *path, bool strict) {
        char rest[PATH_MAX], *key = rest;
        size_t length = strlen(path);

        if (length >= sizeof(rest) || n == 0)
                return NULL;
        memcpy(rest, path, length + 1);
        for (bool skip = strict;; skip = false) {
                const void *found = skip ? NULL : bsearch(&key, items, n, size, compare_paths);

                if (found || length <= 1)
                        return found;
                while (length > 1 && rest[length - 1] != '/')
                        length--;
                length -= length > 1;
                rest[length] = '\0';
        }
}
