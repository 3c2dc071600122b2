/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "image/tree.h"
#include "image/users.h"
#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

static int remove_unfinished(const Store *store) {
        static const char *const left[] = { STORE_NEW, "layers/" STORE_NEW, "images/" STORE_NEW, "names/" STORE_NEW };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(left); i++)
                r = tree_remove(store->fd, left[i]);
        return r;
}

int store_lock(Store *store, bool add, Report *report) {
        int r = 0;

        store->lock = openat(store->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (store->lock < 0)
                return report_error(report, errno, "cannot lock %s: %s", store->path, strerror(errno));
        if (flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
                report_notice(report, "waiting for another isoctl that changes %s", store->path);
                while ((r = flock(store->lock, LOCK_EX) < 0 ? -errno : 0) == -EINTR)
                        ;
        }
        if (r >= 0) {
                r = store_users_enter(store, add, report);
                if (r < 0)
                        return r;
                r = remove_unfinished(store);
        }
        return r < 0 ? report_error(report, -r, "cannot lock %s: %s", store->path, strerror(-r)) : 0;
}

int store_set_name(const Store *store, const char *name, const char *id) {
        _cleanup_free_ char *file = store_name_file(name), *path = file ? format("names/%s", file) : NULL;

        return path ? store_replace(store, path, "names/" STORE_NEW, id) : -ENOMEM;
}

int store_remove_name(const Store *store, const char *name) {
        _cleanup_free_ char *file = store_name_file(name), *path = file ? format("names/%s", file) : NULL;

        return !path ? -ENOMEM : unlinkat(store->fd, path, 0) < 0 ? -errno : 0;
}

/* The IDs that have a name. */
static int find_named(const Store *store, char ***ret) {
        _cleanup_strv_free_ char **names = NULL, **ids = NULL;
        int r = store_names(store, &names);

        for (char **name = names; r >= 0 && name && *name; name++) {
                char *id = NULL;

                r = store_find_name(store, *name, &id);
                if (r >= 0)
                        r = strv_consume(&ids, id);
        }
        if (r >= 0)
                *ret = TAKE_PTR(ids);
        return r;
}

static int list_part(const Store *store, const char *part, char ***ret) {
        _cleanup_close_ int fd = openat(store->fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : directory_list(fd, ret);
}

/* Renamed first: what has its name is complete, also if this process is ended in between. */
static int remove_directory(const Store *store, const char *part, const char *name) {
        _cleanup_free_ char *path = format("%s/%s", part, name), *new = format("%s/" STORE_NEW, part);

        if (!path || !new)
                return -ENOMEM;
        return renameat(store->fd, path, store->fd, new) < 0 ? -errno : tree_remove(store->fd, new);
}

/* Returns 1 if it was removed, and 0 if an instance uses it. A start that has opened it before gets its lock after
 * that, and sees that the file is gone. */
static int remove_image(const Store *store, const char *id) {
        _cleanup_free_ char *path = format("images/%s/layers", id);
        _cleanup_close_ int fd = path ? openat(store->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
        int r;

        if (fd < 0)
                return path ? -errno : -ENOMEM;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        r = remove_directory(store, "images", id);
        return r < 0 ? r : 1;
}

static int clean_images(const Store *store, Cleaning *c) {
        _cleanup_strv_free_ char **ids = NULL, **named = NULL;
        int r = find_named(store, &named);

        if (r >= 0)
                r = list_part(store, "images", &ids);
        for (char **id = ids; r >= 0 && id && *id; id++) {
                if (strv_contains(named, *id))
                        continue;
                r = remove_image(store, *id);
                c->images += r > 0;
                c->used += r == 0;
        }
        return r;
}

static int add_layers_of(const Store *store, const char *id, char ***layers) {
        _cleanup_free_ char *path = format("images/%s", id);
        _cleanup_close_ int fd = path ? openat(store->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        _cleanup_strv_free_ char **of = NULL;
        int r = fd < 0 ? -errno : store_read_layers(fd, &of);

        for (char **layer = of; r >= 0 && layer && *layer; layer++)
                r = strv_push(layers, *layer);
        return path ? r : -ENOMEM;
}

int store_clean_layers(const Store *store, size_t *ret) {
        _cleanup_strv_free_ char **ids = NULL, **layers = NULL, **used = NULL;
        int r = list_part(store, "images", &ids);

        *ret = 0;
        for (char **id = ids; r >= 0 && id && *id; id++)
                r = add_layers_of(store, *id, &used);
        if (r >= 0)
                r = list_part(store, "layers", &layers);
        for (char **layer = layers; r >= 0 && layer && *layer; layer++) {
                if (strv_contains(used, *layer))
                        continue;
                r = remove_directory(store, "layers", *layer);
                *ret += r >= 0;
        }
        return r;
}

int store_clean(const Store *store, Cleaning *ret, Report *report) {
        int r;

        *ret = (Cleaning) {};
        r = clean_images(store, ret);
        if (r >= 0)
                r = store_clean_layers(store, &ret->layers);
        return r < 0 ? report_error(report, -r, "cannot clean up %s: %s", store->path, strerror(-r)) : 0;
}
