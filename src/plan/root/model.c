/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/root/model.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum { SYMLINKS_MAX = 40 }; /* path_resolution(7) */

void root_model_deinit(RootModel *model) {
        map_deinit(&model->index);
        looks_deinit(&model->looks);
        for (size_t i = 0; i < model->n_mounts; i++) {
                plan_mount_deinit(model->mounts[i]);
                free(model->mounts[i]);
        }
        free(model->mounts);
        *model = (RootModel) {};
}

PlanMount *root_model_find(const RootModel *model, const char *destination) {
        return map_get(&model->index, destination);
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
        return map_put(&model->index, m->destination, m) < 0 ? NULL : m;
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

/* Looks up a name in one layer. *found has the directories of this name in higher layers. Returns 1 if lower layers do
 * not matter, 0 if they do, or -errno. */
static int step_layer(Looks *looks, const char *layer, const char *name, bool need_mount, char ***found,
                      const Look **ret) {
        _cleanup_free_ char *host = path_join(layer, name);
        const Look *look;
        int r;

        r = !host ? -ENOMEM : need_mount ? looks_at_mount(looks, host, &look) : looks_at(looks, host, &look);
        if (r < 0 || !look->exists)
                return r;
        if (*found && !S_ISDIR(look->type))
                return 1; /* the directory in a higher layer hides it */
        if (look->whiteout && !*found)
                return 1;

        *ret = look;
        if (look->target)
                return 1;
        r = strv_consume(found, TAKE_PTR(host));
        return r < 0 ? r : !S_ISDIR(look->type);
}

/* Whether a mount shows its source without the mounts of the host below it. */
static bool leaves_out_mounts(const PlanMount *m) {
        return m->source.kind == SOURCE_LAYERS || m->kind == MOUNT_OVERLAY ||
               (m->kind == MOUNT_BIND && !m->attributes.recursive);
}

/* The path continues where nothing exists: its last name does not. */
static int leave_existing(Spot *spot) {
        spot->exists = false;
        spot->nearest = path_parent(spot->path);
        spot->nearest_hosts = spot->hosts ? strv_copy(spot->hosts) : NULL;
        return spot->nearest && (spot->nearest_hosts || !spot->hosts) ? 0 : -ENOMEM;
}

/* Moves the spot to a name in the host's directories, which may not exist. For a symlink, returns only its target. */
static int step_host(Looks *looks, Spot *spot, const char *name, const char **ret_target) {
        _cleanup_strv_free_ char **found = NULL;
        const bool need_mount = spot->cover && leaves_out_mounts(spot->cover);
        const Look *look = NULL;
        int r = 0;

        for (char **layer = spot->hosts; r == 0 && *layer; layer++)
                r = step_layer(looks, *layer, name, need_mount, &found, &look);
        if (r < 0)
                return r;
        if (!look)
                return leave_existing(spot);
        *ret_target = look->target;
        if (look->target)
                return 0;

        spot->directory = S_ISDIR(look->type);
        /* The path leads into the mount, but the payload sees what is under it. */
        spot->left_out = need_mount && look->mount_root;
        replace_hosts(&spot->hosts, spot->left_out ? NULL : TAKE_PTR(found));
        return 0;
}

/* Moves the spot to a name in an existing directory, with which its path ends. For a symlink, sets *ret_target instead
 * of following it. */
static int step_existing(RootModel *model, Spot *spot, const char *name, const char **ret_target) {
        PlanMount *mount = root_model_find(model, spot->path);

        if (mount && mount->kind == MOUNT_SYMLINK) {
                *ret_target = mount->target;
                return 0;
        }
        if (mount)
                return step_mount(spot, mount);
        if (spot->hosts)
                return step_host(&model->looks, spot, name, ret_target);
        if (spot->cover && spot->cover->source.kind == SOURCE_IMAGE) {
                spot->unread = spot->directory = true;
                return 0;
        }
        if (!spot->left_out)
                return leave_existing(spot);
        spot->unknown = true;
        return 0;
}

/* Moves the spot one component further. For a symlink, sets *ret_target, borrowed, instead of following it. */
static int step(RootModel *model, Spot *spot, const char *name, const char **ret_target) {
        const size_t length = strlen(spot->path);
        char *slash = spot->path + (length == 1 ? 0 : length); /* the path is "/", or does not end with one */
        int r;

        *slash = '/';
        strcpy(slash + 1, name); /* begin() has left room for all of todo */
        r = spot->exists ? step_existing(model, spot, name, ret_target) : 0;
        if (r < 0 || *ret_target)
                spot->path[length] = '\0';
        return r;
}

/* Allocates room for the path: "/", and each name of todo with a slash before it. */
static int begin(const RootModel *model, Spot *spot, const char *todo) {
        PlanMount *root = root_model_find(model, "/");

        spot_deinit(spot);
        *spot = (Spot) { .path = malloc(strlen(todo) + sizeof("/")), .exists = true, .directory = true };
        if (!spot->path)
                return -ENOMEM;
        strcpy(spot->path, "/");
        return root ? step_mount(spot, root) : 0;
}

/* Joins the path that is still to be followed after a symlink or "..": base, target, rest. */
static char *respell(const char *base, const char *target, const char *rest) {
        return format("%s/%s/%s", target[0] == '/' ? "" : base, target, rest);
}

/* Cuts the next component off; empty at the end. */
static const char *next_name(char **p) {
        char *name = *p + strspn(*p, "/");
        char *end = strchrnul(name, '/');

        *p = *end ? end + 1 : end;
        *end = '\0';
        return name;
}

int root_model_walk(RootModel *model, const char *path, Spot *ret) {
        _cleanup_free_ char *todo = strdup(path);
        _cleanup_(spot_deinit) Spot spot = {};
        bool through_volume = false, leaves_root = false;
        unsigned links = 0;
        char *p = todo;
        int r;

        r = todo ? begin(model, &spot, todo) : -ENOMEM;
        while (r >= 0) {
                _cleanup_free_ char *base = NULL;
                const char *target = NULL, *name;

                name = next_name(&p);
                if (!*name)
                        break;
                if (streq(name, "."))
                        continue;

                if (streq(name, "..")) {
                        leaves_root = leaves_root || (links > 0 && streq(spot.path, "/"));
                        base = path_parent(spot.path);
                        target = ".";
                } else {
                        r = step(model, &spot, name, &target);
                        if (r < 0 || !target)
                                continue;
                        if (++links > SYMLINKS_MAX)
                                return -ELOOP;
                        base = strdup(spot.path);
                        through_volume = through_volume || (spot.cover && plan_mount_is_writable_bind(spot.cover));
                }

                r = base ? replace(&todo, respell(base, target, p)) : -ENOMEM;
                if (r >= 0 && strlen(todo) >= PATH_MAX)
                        return -ENAMETOOLONG;
                p = todo;
                if (r >= 0)
                        r = begin(model, &spot, todo);
        }
        if (r < 0)
                return r;

        spot.through_volume = through_volume;
        spot.leaves_root = leaves_root;
        *ret = spot;
        spot = (Spot) {};
        return 0;
}
