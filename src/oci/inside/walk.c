/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "util/fd.h"
#include "util/open-in.h"
#include "util/path.h"
#include "util/text.h"

enum { SYMLINKS_MAX = 40 };

typedef struct Walk {
        int root;
        WalkMake make;
        char *done; /* relative to the root, without symlinks and "..": "." or "a/b" */
        char *left; /* what follows it */
        const struct stat *until; /* the directory at which it stops; NULL: none */
        unsigned symlinks;
        bool follow;
        bool replaceable; /* it has followed a symlink in a writable mount */
} Walk;

bool is_writable(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) < 0 || !(fs.f_flags & ST_RDONLY);
}

static int replace(char **s, char *with) {
        free(*s);
        *s = with;
        return with ? 0 : -ENOMEM;
}

static int make_one(const Walk *w, const char *name, bool last) {
        _cleanup_close_ int parent = open_in(w->root, w->done, O_DIRECTORY, 0), fd = -1;

        if (parent < 0)
                return parent;
        if (!last || w->make == WALK_MAKE_DIRECTORY)
                return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
        fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
        return fd < 0 && errno != EEXIST ? -errno : 0;
}

static int follow(Walk *w, int link) {
        _cleanup_free_ char *target = NULL;
        int r;

        if (!w->follow || ++w->symlinks > SYMLINKS_MAX)
                return -ELOOP;
        w->replaceable = w->replaceable || is_writable(link);
        r = link_read(link, "", &target);
        if (r < 0)
                return r;
        if (*target == '/') {
                r = replace(&w->done, strdup("."));
                if (r < 0)
                        return r;
        }
        return replace(&w->left, format("%s/%s", target, w->left));
}

/* Goes on by the component name. *ret is the fd of it, or -1. */
static int step(Walk *w, const char *name, int *ret) {
        _cleanup_free_ char *next = streq(w->done, ".") ? strdup(name) : path_join(w->done, name);
        const bool last = w->left[strspn(w->left, "/")] == '\0';
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (!next)
                return -ENOMEM;
        fd = open_in(w->root, next, O_NOFOLLOW, 0);
        if (fd == -ENOENT && w->make != WALK_FIND) {
                int r = make_one(w, name, last);

                if (r < 0)
                        return r;
                fd = open_in(w->root, next, O_NOFOLLOW, 0);
        }
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode))
                return follow(w, fd);
        if (!last && !S_ISDIR(st.st_mode))
                return -ENOTDIR;
        *ret = TAKE_FD(fd);
        return replace(&w->done, TAKE_PTR(next));
}

/* Removes the first component from w->left. Returns it on the heap, or NULL. */
static char *take_component(Walk *w) {
        const char *start = w->left + strspn(w->left, "/");
        char *name = strndup(start, strcspn(start, "/"));

        if (name)
                memmove(w->left, start + strlen(name), strlen(start + strlen(name)) + 1);
        return name;
}

static bool is_at(const Walk *w, int fd) {
        struct stat st;

        return w->until && fd >= 0 && fstat(fd, &st) >= 0 && st.st_dev == w->until->st_dev &&
               st.st_ino == w->until->st_ino;
}

/* Returns 0, or 1 if it has stopped on the way. */
static int walk_on(Walk *w, int *fd) {
        while (w->left[strspn(w->left, "/")]) {
                _cleanup_free_ char *name = take_component(w);
                int r = 0, next = -1;

                if (!name)
                        return -ENOMEM;
                if (streq(name, ".."))
                        r = replace(&w->done, path_parent(w->done));
                else if (!streq(name, "."))
                        r = step(w, name, &next);
                if (r < 0)
                        return r;
                fd_close(*fd);
                *fd = next;
                if (is_at(w, next))
                        return 1;
        }
        return 0;
}

/* Frees all of w but w->done. */
static int walk_all(Walk *w, const char *path) {
        _cleanup_close_ int fd = -1;
        int r;

        w->done = strdup(".");
        w->left = strdup(path);
        r = w->done && w->left ? walk_on(w, &fd) : -ENOMEM;
        if (r >= 0 && fd < 0)
                fd = open_in(w->root, w->done, 0, 0); /* it ended with "..", ".", or a symlink to "/" */
        free(TAKE_PTR(w->left));
        if (r < 0)
                return r;
        return TAKE_FD(fd);
}

/* Most paths exist, and have neither symlinks nor "..": then one call finds the file, as all the steps would. Returns
 * the fd, or a negative number. */
static int walk_at_once(int root, const char *path) {
        const char *below = path_is_safe(path) ? path + strspn(path, "/") : "";
        _cleanup_close_ int fd = *below ? open_in(root, below, O_NOFOLLOW, 0) : -1;
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && !S_ISLNK(st.st_mode) ? TAKE_FD(fd) : -1;
}

int walk(int root, const char *path, WalkMake make, bool symlinks) {
        Walk w = { .root = root, .make = make, .follow = symlinks };
        int r = walk_at_once(root, path);

        if (r >= 0)
                return r;
        r = walk_all(&w, path);

        free(w.done);
        return r;
}

int walk_whole(int root, const char *path, char **ret_path, bool *ret_replaceable) {
        Walk w = { .root = root, .make = WALK_FIND, .follow = true };
        int r = walk_all(&w, path);

        if (r < 0 && r != -ENOENT && r != -ENOTDIR)
                free(TAKE_PTR(w.done));
        *ret_path = w.done;
        *ret_replaceable = w.replaceable;
        return r;
}

int walk_until(int root, const char *path, const struct stat *until, char **ret_left) {
        Walk w = { .root = root, .make = WALK_FIND, .follow = true, .until = until, .done = strdup("."),
                   .left = strdup(path) };
        _cleanup_close_ int fd = -1;
        int r = w.done && w.left ? walk_on(&w, &fd) : -ENOMEM;

        if (r > 0)
                *ret_left = TAKE_PTR(w.left);
        free(w.done);
        free(w.left);
        return r;
}
