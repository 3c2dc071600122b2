/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "oci/explain/bundle.h"
#include "util/fd.h"
#include "util/text.h"

/* Everybody may read the maps of a process, and no other file has those of a namespace. Returns 0 or -errno. */
static int read_map(const char *path, const char *file, IdMap *ret) {
        _cleanup_free_ char *name = NULL, *text = NULL;
        int pid = 0, end = 0, r;

        if (sscanf(path, "/proc/%d/ns/user%n", &pid, &end) != 1 || end == 0 || path[end])
                return -ENOENT;
        name = format("/proc/%d/%s", pid, file);
        r = name ? file_read(AT_FDCWD, name, &text, NULL) : -ENOMEM;
        return r < 0 ? r : id_map_parse(text, ret);
}

/* Maps in config.json are those of the namespace: otherwise, the container does not start. */
int bundle_find_users(Bundle *bundle) {
        const char *path = bundle->spec->joined[SPEC_USER];
        int r;

        if (!path || bundle->spec->uid_map.n > 0)
                return 0;
        r = read_map(path, "uid_map", &bundle->joined_uids);
        if (r >= 0)
                r = read_map(path, "gid_map", &bundle->joined_gids);
        bundle->users_unknown = r < 0 || bundle->joined_uids.n == 0 || bundle->joined_gids.n == 0;
        return r == -ENOMEM ? r : 0;
}

const IdMap *bundle_uid_map(const Bundle *bundle) {
        return bundle->spec->uid_map.n > 0 ? &bundle->spec->uid_map : &bundle->joined_uids;
}

const IdMap *bundle_gid_map(const Bundle *bundle) {
        return bundle->spec->gid_map.n > 0 ? &bundle->spec->gid_map : &bundle->joined_gids;
}
