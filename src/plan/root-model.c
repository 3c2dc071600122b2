/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/root-model.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <sys/stat.h>

#include "util/array.h"
#include "util/fd.h"
#include "util/path.h"

enum { SYMLINKS_MAX = 40 }; /* path_resolution(7) */

void plan_mount_deinit(PlanMount *mount) {
        free(mount->destination);
        free(mount->source);
        free(mount->options);
}

static void keep_node(_unused_ void *node) {
}

void root_model_deinit(RootModel *model) {
        tdestroy(model->index, keep_node);
        for (size_t i = 0; i < model->n_mounts; i++) {
                plan_mount_deinit(model->mounts[i]);
                free(model->mounts[i]);
        }
        free(model->mounts);
        *model = (RootModel) {};
}

int destination_compare(const char *a, const char *b) {
        for (; *a && *a == *b; a++, b++)
                ;
        if (*a == *b)
                return 0;
        /* The slash sorts before all else, so that "/a/b" stands between "/a" and "/a-b". */
        if (!*a || !*b)
                return *a ? 1 : -1;
        if (*a == '/' || *b == '/')
                return *a == '/' ? -1 : 1;
        return (unsigned char) *a < (unsigned char) *b ? -1 : 1;
}

static int compare_mounts(const void *a, const void *b) {
        return strcmp(((const PlanMount *) a)->destination, ((const PlanMount *) b)->destination);
}

PlanMount *root_model_find(const RootModel *model, const char *destination) {
        PlanMount key = { .destination = (char *) destination };
        PlanMount **node = tfind(&key, &model->index, compare_mounts);

        return node ? *node : NULL;
}

PlanMount *root_model_add(RootModel *model, PlanMount mount) {
        PlanMount *m = malloc(sizeof(PlanMount)), **slot;

        slot = m ? ARRAY_APPEND(model->mounts, model->n_mounts) : NULL;
        if (!slot) {
                plan_mount_deinit(&mount);
                free(m);
                return NULL;
        }
        *m = mount;
        *slot = m;
        return tsearch(m, &model->index, compare_mounts) ? m : NULL;
}

void spot_deinit(Spot *spot) {
        free(spot->path);
        free(spot->host);
        free(spot->nearest);
        free(spot->nearest_host);
}

static int replace(char **s, char *value) {
        if (!value)
                return -ENOMEM;
        free(*s);
        *s = value;
        return 0;
}

/* Steps onto a mount. */
static int step_mount(Spot *spot, PlanMount *mount) {
        const char *behind = mount->kind == MOUNT_PROC ? "/proc" : NULL;

        if (mount->kind == MOUNT_ROOT || mount->kind == MOUNT_BIND || mount->kind == MOUNT_MERGE)
                behind = mount->source;
        if (mount->kind != MOUNT_DIRECTORY)
                spot->cover = mount;
        spot->directory = mount->directory;

        free(spot->host);
        spot->host = behind ? strdup(behind) : NULL;
        return behind && !spot->host ? -ENOMEM : 0;
}

/* Steps onto something that the host has, or has not. A symlink gives its target. */
static int step_host(Spot *spot, const char *name, char **ret_target) {
        _cleanup_free_ char *host = path_join(spot->host, name);
        struct stat st;

        if (!host)
                return -ENOMEM;
        if (lstat(host, &st) < 0) {
                if (errno != ENOENT && errno != ENOTDIR)
                        return -errno;
                spot->exists = false;
                return 0;
        }
        if (S_ISLNK(st.st_mode))
                return link_read(AT_FDCWD, host, ret_target);

        spot->directory = S_ISDIR(st.st_mode);
        return replace(&spot->host, TAKE_PTR(host));
}

/* One component further. *ret_target is set where that is a symlink, which is not followed here. */
static int step(const RootModel *model, Spot *spot, const char *name, char **ret_target) {
        _cleanup_free_ char *path = path_join(spot->path, name);
        PlanMount *mount;
        int r;

        if (!path)
                return -ENOMEM;

        if (spot->exists) {
                r = replace(&spot->nearest, strdup(spot->path));
                if (r < 0)
                        return r;
                free(spot->nearest_host);
                spot->nearest_host = spot->host ? strdup(spot->host) : NULL;
                if (spot->host && !spot->nearest_host)
                        return -ENOMEM;

                mount = root_model_find(model, path);
                if (mount && mount->kind == MOUNT_SYMLINK) {
                        *ret_target = strdup(mount->source);
                        return *ret_target ? 0 : -ENOMEM;
                }
                if (mount)
                        r = step_mount(spot, mount);
                else if (spot->host)
                        r = step_host(spot, name, ret_target);
                else
                        spot->exists = false;
                if (r < 0 || *ret_target)
                        return r;
        }
        return replace(&spot->path, TAKE_PTR(path));
}

static int begin(const RootModel *model, Spot *spot) {
        PlanMount *root = root_model_find(model, "/");

        spot_deinit(spot);
        *spot = (Spot) { .path = strdup("/"), .exists = true, .directory = true, .nearest = strdup("/") };
        if (!spot->path || !spot->nearest)
                return -ENOMEM;
        return root ? step_mount(spot, root) : 0;
}

/* The path that is left to follow after a symlink or "..": base, target, rest. */
static char *respell(const char *base, const char *target, const char *rest) {
        char *s;

        return asprintf(&s, "%s/%s/%s", target[0] == '/' ? "" : base, target, rest) < 0 ? NULL : s;
}

int root_model_walk(const RootModel *model, const char *path, Spot *ret) {
        _cleanup_free_ char *todo = strdup(path);
        _cleanup_(spot_deinit) Spot spot = {};
        bool through_volume = false;
        unsigned links = 0;
        char *p = todo;
        int r;

        r = todo ? begin(model, &spot) : -ENOMEM;
        while (r >= 0) {
                _cleanup_free_ char *name = NULL, *target = NULL, *base = NULL;
                size_t n;

                p += strspn(p, "/");
                n = strcspn(p, "/");
                if (n == 0)
                        break;
                name = strndup(p, n);
                if (!name)
                        return -ENOMEM;
                p += n;
                if (streq(name, "."))
                        continue;

                if (streq(name, "..")) {
                        base = path_parent(spot.path);
                        target = strdup(".");
                } else {
                        base = strdup(spot.path);
                        r = step(model, &spot, name, &target);
                        if (r < 0 || !target)
                                continue;
                        if (++links > SYMLINKS_MAX)
                                return -ELOOP;
                        through_volume = through_volume || (spot.cover && spot.cover->kind == MOUNT_BIND &&
                                                            !spot.cover->read_only);
                }

                r = base && target ? replace(&todo, respell(base, target, p)) : -ENOMEM;
                if (r >= 0 && strlen(todo) >= PATH_MAX)
                        return -ENAMETOOLONG;
                p = todo;
                if (r >= 0)
                        r = begin(model, &spot);
        }
        if (r < 0)
                return r;

        spot.through_volume = through_volume;
        *ret = spot;
        spot = (Spot) {};
        return 0;
}
