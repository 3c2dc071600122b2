/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>

#include "policy/policy-load.h"
#include "util/path.h"
#include "util/strv.h"

static int add_name(char ***names, const char *file) {
        _cleanup_free_ char *name = NULL;

        if (file[0] == '.' || !endswith(file, ".conf"))
                return 0;
        name = policy_spec_name(file);
        if (!name)
                return -ENOMEM;
        return strv_contains(*names, name) ? 0 : strv_push(names, name);
}

static int add_directory(char ***names, const char *path) {
        DIR *dir = opendir(path);
        struct dirent *e;
        int r = 0;

        while (dir && r >= 0 && (e = readdir(dir)))
                r = add_name(names, e->d_name);
        if (dir)
                closedir(dir);
        return r;
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int policy_list(char *const *search_path, char ***ret) {
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = add_name(&names, "default.conf");
        for (char *const *dir = search_path; r >= 0 && dir && *dir; dir++)
                r = add_directory(&names, *dir);
        if (r < 0)
                return r;

        qsort(names, strv_length(names), sizeof(names[0]), compare);
        *ret = TAKE_PTR(names);
        return 0;
}
