/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/drop-in.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "util/path.h"
#include "util/strv.h"

enum { DROP_INS_MAX = 1000 };

int drop_ins_collect(const char *directory, char ***paths) {
        struct dirent *entry;
        size_t n = 0;
        int r = 0;
        DIR *d;

        d = opendir(directory);
        if (!d)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;

        while (r >= 0 && (errno = 0, entry = readdir(d))) {
                bool shadowed = entry->d_name[0] == '.' || !endswith(entry->d_name, ".conf");

                for (char **p = *paths; p && *p && !shadowed; p++)
                        shadowed = streq(path_name(*p), entry->d_name);
                if (!shadowed)
                        r = ++n > DROP_INS_MAX ? -E2BIG : strv_pushf(paths, "%s/%s", directory, entry->d_name);
        }
        if (r >= 0 && errno) /* a drop-in that is not seen may be one that denies */
                r = -errno;
        closedir(d);
        return r;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(path_name(*(char *const *) a), path_name(*(char *const *) b));
}

void drop_ins_sort(char **paths) {
        if (paths)
                qsort(paths, strv_length(paths), sizeof(char *), compare_names);
}
