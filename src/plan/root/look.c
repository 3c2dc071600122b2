/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/root/look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/array.h"
#include "util/directory.h"
#include "util/fd.h"
#include "util/macro.h"
#include "util/path.h"

/* Whether overlayfs takes the file for a deleted name: overlayfs.rst, "whiteouts and opaque directories". */
static bool is_whiteout(const struct statx *st) {
        return S_ISCHR(st->stx_mode) && st->stx_rdev_major == 0 && st->stx_rdev_minor == 0;
}

static void forget(Look *look) {
        free(look->path);
        free(look->target);
        free(look);
}

static Look *add(Looks *looks, const char *path) {
        Look *look = calloc(1, sizeof(Look)), **slot;

        if (look)
                look->path = strdup(path);
        slot = look && look->path ? ARRAY_APPEND(looks->items, looks->n) : NULL;
        if (!slot) {
                if (look)
                        forget(look);
                return NULL;
        }
        *slot = look;
        return map_put(&looks->by_path, look->path, look) < 0 ? NULL : look;
}

static int fill(Look *look) {
        struct statx st;

        free(look->target);
        look->target = NULL;
        look->exists = statx(AT_FDCWD, look->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MODE,
                             &st) >= 0;
        if (!look->exists)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        look->type = st.stx_mode & S_IFMT;
        look->listed = false;
        look->mount_root = st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
        look->whiteout = is_whiteout(&st);
        return S_ISLNK(st.stx_mode) ? link_read(AT_FDCWD, look->path, &look->target) : 0;
}

/* A DirectoryVisit. */
static int note_top(void *userdata, const char *name, unsigned char type) {
        return looks_note(userdata, "/", name, type);
}

/* A plan looks at most names in /, so the second look lists them. If that fails, each is looked at. */
static int list_top(Looks *looks, const char *path) {
        if (path[0] != '/' || !path[1] || strchr(path + 1, '/') || ++looks->n_top != 2)
                return 0;
        return directory_visit("/", note_top, looks) == -ENOMEM ? -ENOMEM : 0;
}

static int look_at(Looks *looks, const char *path, bool listed_is_enough, const Look **ret) {
        Look *look = map_get(&looks->by_path, path);
        int r;

        if (!look) {
                r = list_top(looks, path);
                if (r < 0)
                        return r;
                look = map_get(&looks->by_path, path) ?: add(looks, path);
        }
        if (!look)
                return -ENOMEM;
        r = look->final && (listed_is_enough || !look->listed) ? 0 : fill(look);
        if (r < 0)
                return r;
        look->final = !startswith(path, "/proc/");
        *ret = look;
        return 0;
}

int looks_at(Looks *looks, const char *path, const Look **ret) {
        return look_at(looks, path, true, ret);
}

int looks_at_mount(Looks *looks, const char *path, const Look **ret) {
        return look_at(looks, path, false, ret);
}

int looks_note(Looks *looks, const char *directory, const char *name, unsigned char type) {
        _cleanup_free_ char *path = NULL;
        Look *look;

        if ((type != DT_REG && type != DT_DIR) || path_is_at_or_below(directory, "/proc"))
                return 0;
        path = path_join(directory, name);
        if (!path || map_get(&looks->by_path, path))
                return path ? 0 : -ENOMEM;
        look = add(looks, path);
        if (!look)
                return -ENOMEM;
        look->final = look->listed = look->exists = true;
        look->type = DTTOIF(type);
        return 0;
}

void looks_deinit(Looks *looks) {
        for (size_t i = 0; i < looks->n; i++)
                forget(looks->items[i]);
        free(looks->items);
        map_deinit(&looks->by_path);
        *looks = (Looks) {};
}
