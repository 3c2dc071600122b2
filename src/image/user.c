/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks into the layers of an image without a mount. Each file is opened below its layer's root and without following
 * symlinks; symlinks are followed here, in all layers together. So nothing of the image leads out of it. */
#include "image/user.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "util/fd.h"
#include "util/open-in.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/user-line.h"

enum {
        LINKS_MAX = 40,         /* as the kernel follows */
        FILE_SIZE_MAX = 1 << 20,
};

typedef struct Layers {
        int *roots; /* top first */
        size_t n;
} Layers;

static void layers_deinit(Layers *l) {
        for (size_t i = 0; i < l->n; i++)
                fd_close(l->roots[i]);
        free(l->roots);
}

static int layers_open(const Store *store, char *const *ids, Layers *ret) {
        const size_t n = strv_length((char **) ids);

        ret->roots = calloc(n + 1, sizeof(int));
        if (!ret->roots)
                return -ENOMEM;
        for (size_t i = n; i > 0; i--) {
                _cleanup_free_ char *path = format("layers/%s/root", ids[i - 1]);
                int fd = path ? openat(store->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;

                if (fd < 0)
                        return path ? -errno : -ENOMEM;
                ret->roots[ret->n++] = fd;
        }
        return 0;
}

static bool is_opaque(int root, const char *path) {
        _cleanup_close_ int place = open_in(root, path, O_DIRECTORY, 0);
        _cleanup_close_ int fd = place < 0 ? -1 : openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd >= 0 && fgetxattr(fd, "user.overlay.opaque", NULL, 0) >= 0;
}

/* Returns the mode of a layer's file, 0 if the layer does not have it, or -errno. */
static int mode_of(int root, const char *path, bool *ret_whiteout) {
        _cleanup_close_ int fd = open_in(root, path, O_NOFOLLOW, 0);
        struct stat st;

        *ret_whiteout = false;
        if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fd < 0 ? fd : -errno;
        *ret_whiteout = S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
        return (int) st.st_mode;
}

/* A directory is merged with those below it, until one that is opaque, or something else in its place. Returns the
 * number of layers, from the top, that can have files in it. */
static int count_merged(const Layers *l, const char *directory, size_t n, size_t *ret) {
        for (size_t i = 0; i < n; i++) {
                bool ignored;
                int mode = mode_of(l->roots[i], directory, &ignored);

                if (mode < 0)
                        return mode;
                if (mode != 0 && (!S_ISDIR(mode) || is_opaque(l->roots[i], directory)))
                        n = S_ISDIR(mode) ? i + 1 : i;
        }
        *ret = n;
        return 0;
}

/* Finds a path whose parents are directories. Returns its mode, with the layer's root in *ret_root, or -errno. */
static int look(const Layers *l, const char *path, int *ret_root) {
        size_t n = l->n;

        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *directory = format("%.*s", (int) (slash - path), path);
                int r = directory ? count_merged(l, directory, n, &n) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n; i++) {
                bool whiteout;
                int mode = mode_of(l->roots[i], path, &whiteout);

                if (mode < 0 || whiteout)
                        return mode < 0 ? mode : -ENOENT;
                *ret_root = l->roots[i];
                if (mode != 0)
                        return mode;
        }
        return -ENOENT;
}

/* "a/b" and "../c" is "a/c"; nothing is above the root. */
static char *join(const char *directory, const char *name) {
        if (streq(name, ".") || !*name)
                return strdup(directory);
        if (!streq(name, ".."))
                return *directory ? format("%s/%s", directory, name) : strdup(name);
        return strchr(directory, '/') ? path_parent(directory) : strdup("");
}

/* Takes the first name off rest. Returns 0, or -ENOMEM. */
static int take_name(char **rest, char **ret) {
        const size_t slashes = strspn(*rest, "/"), n = strcspn(*rest + slashes, "/");
        char *name = format("%.*s", (int) n, *rest + slashes), *left = strdup(*rest + slashes + n);

        free(*rest);
        *rest = left;
        *ret = name;
        return name && left ? 0 : -ENOMEM;
}

/* Goes on with a symlink's target: from the root if it is absolute, else from where the link is. */
static int follow(int root, const char *link, char **done, char **rest) {
        _cleanup_free_ char *target = NULL;
        int r = link_read(root, link, &target);
        char *joined;

        if (r < 0)
                return r;
        joined = format("%s/%s", target, *rest);
        free(*rest);
        *rest = joined;
        if (target[0] == '/') {
                free(*done);
                *done = strdup("");
        }
        return joined && *done ? 0 : -ENOMEM;
}

/* Opens a file as a process in an instance would find it. Returns the fd or -errno. */
static int open_file(const Layers *l, const char *path) {
        _cleanup_free_ char *done = strdup(""), *rest = strdup(path);
        unsigned links = 0;
        int root = -1, r = done && rest ? 0 : -ENOMEM;

        while (r >= 0 && rest[strspn(rest, "/")]) {
                _cleanup_free_ char *name = NULL, *next = NULL;

                r = take_name(&rest, &name);
                next = r < 0 ? NULL : join(done, name);
                if (!next)
                        return -ENOMEM;
                r = *next ? look(l, next, &root) : S_IFDIR;
                if (r >= 0 && S_ISLNK(r))
                        r = ++links > LINKS_MAX ? -ELOOP : follow(root, next, &done, &rest);
                else if (r >= 0 && !S_ISDIR(r) && rest[strspn(rest, "/")])
                        r = -ENOTDIR;
                else if (r >= 0) {
                        free(done);
                        done = TAKE_PTR(next);
                        r = S_ISREG(r) ? 1 : 0;
                }
        }
        if (r <= 0)
                return r < 0 ? r : -EISDIR;
        r = openat(root, done, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        return r < 0 ? -errno : r;
}

/* Reads a file of the image. *ret is NULL if it has none. */
static int read_file(const Layers *l, const char *path, char **ret) {
        _cleanup_close_ int fd = open_file(l, path);
        struct stat st;
        size_t size;

        *ret = NULL;
        if (fd == -ENOENT)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fd < 0 ? fd : -errno;
        return st.st_size > FILE_SIZE_MAX ? -EFBIG : fd_read_all(fd, ret, &size);
}

typedef struct Finder {
        const Layers *layers;
        const char *text; /* the whole of User */
        Report *report;
} Finder;

static int read_names(const Finder *f, const char *path, char **ret) {
        int r = read_file(f->layers, path, ret);

        return r < 0 ? report_error(f->report, -r, "cannot look up the image's User \"%.200s\": its /%s: %s", f->text,
                                    path, strerror(-r)) : 0;
}

/* Finds the first line with this name, or this id: a number is not compared with names. */
static int find_user(const Finder *f, const char *name, ImageUser *ret) {
        const bool numeric = user_id_parse(name, &ret->uid);
        _cleanup_free_ char *text = NULL;
        UserLine user;
        int r = read_names(f, "etc/passwd", &text);

        if (r < 0)
                return r;
        for (char *rest = text; user_line_next(&rest, &user);) {
                if (numeric ? user.uid != ret->uid : !streq(user.name, name))
                        continue;
                ret->uid = user.uid;
                ret->gid = user.gid;
                ret->home = user.home[0] == '/' ? strdup(user.home) : NULL;
                return user.home[0] == '/' && !ret->home ? report_oom(f->report) : 0;
        }
        return numeric ? 0 : report_error(f->report, ESRCH, "the image's User is \"%.200s\", and its /etc/passwd does "
                                          "not have this user", f->text);
}

static int find_group(const Finder *f, const char *name, gid_t *ret) {
        _cleanup_free_ char *text = NULL;
        GroupLine group;
        int r;

        if (user_id_parse(name, ret))
                return 0;
        r = read_names(f, "etc/group", &text);
        if (r < 0)
                return r;
        for (char *rest = text; group_line_next(&rest, &group);)
                if (streq(group.name, name)) {
                        *ret = group.gid;
                        return 0;
                }
        return report_error(f->report, ESRCH, "the image's User is \"%.200s\", and its /etc/group does not have this "
                            "group", f->text);
}

/* Such a number is not looked up as a name: the image could have a line for it that means root (CVE-2024-40635). */
static int check_number(const Finder *f, const char *name) {
        const char *digits = name + (*name == '-' || *name == '+');
        uint32_t id;

        if (!*digits || digits[strspn(digits, "0123456789")] || user_id_parse(name, &id))
                return 0;
        return report_error(f->report, EINVAL, "the image's User is \"%.200s\", and %.200s is not the number of a user "
                            "or group", f->text, name);
}

static int find(const Finder *f, ImageUser *ret) {
        _cleanup_free_ char *user = format("%.*s", (int) strcspn(f->text, ":"), f->text);
        const char *group = strchr(f->text, ':');
        int r = user ? check_number(f, user) : report_oom(f->report);

        if (r >= 0 && group)
                r = check_number(f, group + 1);
        if (r >= 0 && *user)
                r = find_user(f, user, ret);
        return r < 0 || !group || !group[1] ? r : find_group(f, group + 1, &ret->gid);
}

int image_user_find(const Store *store, char *const *layers, const char *text, ImageUser *ret, Report *report) {
        _cleanup_(layers_deinit) Layers l = {};
        ImageUser user = {};
        int r = layers_open(store, layers, &l);

        if (r < 0)
                return report_error(report, -r, "cannot open the layers of the image: %s", strerror(-r));
        r = find(&(Finder) { .layers = &l, .text = text, .report = report }, &user);
        if (r < 0)
                free(user.home);
        else
                *ret = user;
        return r;
}
