/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/root/model.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <sys/stat.h>

#include "util/array.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum { SYMLINKS_MAX = 40 }; /* path_resolution(7) */

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

static int compare_mounts(const void *a, const void *b) {
        return strcmp(((const PlanMount *) a)->destination, ((const PlanMount *) b)->destination);
}

PlanMount *root_model_find(const RootModel *model, const char *destination) {
        PlanMount key = { .destination = (char *) destination };
        PlanMount **node = tfind(&key, &model->index, compare_mounts);

        return node ? *node : NULL;
}

PlanMount *root_model_add(RootModel *model, PlanMount mount) {
        PlanMount *m = mount.destination ? malloc(sizeof(PlanMount)) : NULL, **slot;

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
        strv_free(spot->hosts);
        free(spot->nearest);
        strv_free(spot->nearest_hosts);
}

static int replace(char **s, char *value) {
        if (!value)
                return -ENOMEM;
        free(*s);
        *s = value;
        return 0;
}

static void replace_hosts(char ***hosts, char **value) {
        strv_free(*hosts);
        *hosts = value;
}

/* The host paths of a source, highest layer first. */
static int list_hosts(const PlanSource *source, char ***hosts) {
        int r;

        switch (source->kind) {
        case SOURCE_NONE:
        case SOURCE_IMAGE:
                return 0;
        case SOURCE_DETACHED:
                return strv_pushf(hosts, "/proc/self/fd/%d", source->fd);
        case SOURCE_LAYERS:
                r = strv_push(hosts, source->path);
                for (char **l = source->lower; r >= 0 && *l; l++)
                        r = strv_push(hosts, *l);
                return r;
        case SOURCE_PATH:
        case SOURCE_ID_MAPPED:
        case SOURCE_FD:
                return strv_push(hosts, source->path);
        }
        return -EINVAL;
}

/* Moves the spot onto a mount. */
static int step_mount(Spot *spot, PlanMount *mount) {
        _cleanup_strv_free_ char **hosts = NULL;
        int r = 0;

        if (mount->kind == MOUNT_PROC)
                r = strv_push(&hosts, "/proc");
        else if (mount->kind != MOUNT_COPY)
                r = list_hosts(&mount->source, &hosts);
        if (r < 0)
                return r;

        if (mount->kind != MOUNT_DIRECTORY)
                spot->cover = mount;
        spot->directory = plan_mount_is_directory(mount);
        spot->unread = spot->left_out = spot->unknown = false;
        replace_hosts(&spot->hosts, TAKE_PTR(hosts));
        return 0;
}

/* Whether overlayfs takes the file for a deleted name: overlayfs.rst, "whiteouts and opaque directories". */
static bool is_whiteout(const struct statx *st) {
        return S_ISCHR(st->stx_mode) && st->stx_rdev_major == 0 && st->stx_rdev_minor == 0;
}

/* Looks up a name in one layer. *found has the directories of this name in higher layers. Returns 1 if lower layers do
 * not matter, 0 if they do, or -errno. */
static int step_layer(const char *layer, const char *name, char ***found, struct statx *ret, char **ret_target) {
        _cleanup_free_ char *host = path_join(layer, name);
        struct statx st;
        int r;

        if (!host)
                return -ENOMEM;
        if (statx(AT_FDCWD, host, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MODE, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        if (*found && !S_ISDIR(st.stx_mode))
                return 1; /* the directory in a higher layer hides it */
        if (is_whiteout(&st) && !*found)
                return 1;
        if (S_ISLNK(st.stx_mode)) {
                r = link_read(AT_FDCWD, host, ret_target);
                return r < 0 ? r : 1;
        }

        *ret = st;
        r = strv_consume(found, TAKE_PTR(host));
        return r < 0 ? r : !S_ISDIR(st.stx_mode);
}

/* Whether a mount shows its source without the mounts of the host below it. */
static bool leaves_out_mounts(const PlanMount *m) {
        return m->source.kind == SOURCE_LAYERS || m->kind == MOUNT_OVERLAY ||
               (m->kind == MOUNT_BIND && !m->attributes.recursive);
}

/* Moves the spot to a name in the host's directories, which may not exist. For a symlink, returns only its target. */
static int step_host(Spot *spot, const char *name, char **ret_target) {
        _cleanup_strv_free_ char **found = NULL;
        struct statx st = {};
        int r = 0;

        for (char **layer = spot->hosts; r == 0 && *layer; layer++)
                r = step_layer(*layer, name, &found, &st, ret_target);
        if (r < 0 || *ret_target)
                return r < 0 ? r : 0;
        if (!found) {
                spot->exists = false;
                return 0;
        }

        spot->directory = S_ISDIR(st.stx_mode);
        /* The path leads into the mount, but the payload sees what is under it. */
        spot->left_out = st.stx_attributes & STATX_ATTR_MOUNT_ROOT && leaves_out_mounts(spot->cover);
        replace_hosts(&spot->hosts, spot->left_out ? NULL : TAKE_PTR(found));
        return 0;
}

static int remember_nearest(Spot *spot) {
        char **hosts = spot->hosts ? strv_copy(spot->hosts) : NULL;

        if (spot->hosts && !hosts)
                return -ENOMEM;
        replace_hosts(&spot->nearest_hosts, hosts);
        return replace(&spot->nearest, strdup(spot->path));
}

/* Moves the spot one component further. For a symlink, sets *ret_target instead of following it. */
static int step(const RootModel *model, Spot *spot, const char *name, char **ret_target) {
        _cleanup_free_ char *path = path_join(spot->path, name);
        PlanMount *mount;
        int r;

        if (!path)
                return -ENOMEM;

        if (spot->exists) {
                r = remember_nearest(spot);
                if (r < 0)
                        return r;

                mount = root_model_find(model, path);
                if (mount && mount->kind == MOUNT_SYMLINK) {
                        *ret_target = strdup(mount->target);
                        return *ret_target ? 0 : -ENOMEM;
                }
                if (mount)
                        r = step_mount(spot, mount);
                else if (spot->hosts)
                        r = step_host(spot, name, ret_target);
                else if (spot->cover && spot->cover->source.kind == SOURCE_IMAGE)
                        spot->unread = spot->directory = true;
                else if (spot->left_out)
                        spot->unknown = true;
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

/* Joins the path that is still to be followed after a symlink or "..": base, target, rest. */
static char *respell(const char *base, const char *target, const char *rest) {
        return format("%s/%s/%s", target[0] == '/' ? "" : base, target, rest);
}

int root_model_walk(const RootModel *model, const char *path, Spot *ret) {
        _cleanup_free_ char *todo = strdup(path);
        _cleanup_(spot_deinit) Spot spot = {};
        bool through_volume = false, leaves_root = false;
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
                        leaves_root = leaves_root || (links > 0 && streq(spot.path, "/"));
                        base = path_parent(spot.path);
                        target = strdup(".");
                } else {
                        base = strdup(spot.path);
                        r = step(model, &spot, name, &target);
                        if (r < 0 || !target)
                                continue;
                        if (++links > SYMLINKS_MAX)
                                return -ELOOP;
                        through_volume = through_volume || (spot.cover && plan_mount_is_writable_bind(spot.cover));
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
        spot.leaves_root = leaves_root;
        *ret = spot;
        spot = (Spot) {};
        return 0;
}
