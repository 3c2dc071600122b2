/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens sources and destinations, and attaches mounts. The directories above a destination are looked up without
 * symlinks. Its last component is then a name in an open directory, which no call follows if it is a symlink: a mount
 * covers the symlink itself, and a directory cannot be mounted on it (move_mount(2)). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/root/maker.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"
#include "util/path.h"

const char *root_relative(const char *path) {
        return path[1] ? path + 1 : ".";
}

int root_open_source(RootMaker *rm, const char *path, uint64_t flags) {
        return open_in(rm->old_root, root_relative(path), flags, 0);
}

int root_open_destination(RootMaker *rm, const char *path) {
        return open_in(rm->new_root, path, 0, RESOLVE_IN_ROOT);
}

static void forget_last(RootMaker *rm) {
        RootParent *last = &rm->parents[--rm->n_parents];

        fd_bin_add(&rm->spent, last->fd);
        free(last->path);
}

void root_forget_parents(RootMaker *rm) {
        while (rm->n_parents > 0)
                forget_last(rm);
}

static int open_directory(RootMaker *rm, const char *path);

/* Whether directory is the parent of path. Copies neither: a copy would be on a page that this process shares with
 * isorun. */
static bool is_parent(const char *directory, const char *path) {
        const char *rest = startswith(path, directory);

        return rest && rest[0] == '/' && !strchr(rest + 1, '/');
}

/* Keeps open only the directories above path. So a mount is not in the way: it comes before all that is below it. */
int root_open_parent(RootMaker *rm, const char *path) {
        _cleanup_free_ char *parent = NULL;
        int fd;

        if (is_parent("", path))
                return rm->new_root;
        while (rm->n_parents > 0 && !path_is_below(path, rm->parents[rm->n_parents - 1].path))
                forget_last(rm);
        if (rm->n_parents > 0 && is_parent(rm->parents[rm->n_parents - 1].path, path))
                return rm->parents[rm->n_parents - 1].fd;
        parent = path_parent(path);
        if (!parent)
                return -ENOMEM;
        fd = open_directory(rm, parent);
        if (fd < 0)
                return fd;
        if (rm->n_parents == ROOT_PARENTS_MAX)
                forget_last(rm);
        rm->parents[rm->n_parents++] = (RootParent) { .path = TAKE_PTR(parent), .fd = fd };
        return fd;
}

/* Makes a directory that is missing because a directory above it is hidden. */
static int open_directory(RootMaker *rm, const char *path) {
        int fd = root_open_destination(rm, path), parent;

        if (fd != -ENOENT)
                return fd;
        parent = root_open_parent(rm, path);
        if (parent < 0)
                return parent;
        if (mkdirat(parent, path_name(path), 0755) < 0 && errno != EEXIST)
                return -errno;
        return open_in(parent, path_name(path), 0, RESOLVE_BENEATH);
}

static int make_entry(const PlanMount *m, RootName at) {
        int r;

        if (m->kind == MOUNT_SYMLINK)
                r = symlinkat(m->target, at.directory, at.name);
        else if (plan_mount_is_directory(m))
                r = mkdirat(at.directory, at.name, m->kind == MOUNT_DIRECTORY ? m->mode : 0755);
        else
                r = mknodat(at.directory, at.name, S_IFREG | 0644, 0);
        return r < 0 ? -errno : 0;
}

/* Behind the guard, no parent needs to be open. If one is missing, root_open_parent() makes it. */
int root_make_entry(RootMaker *rm, const PlanMount *m, RootName *ret) {
        int r = -ENOENT;

        *ret = (RootName) { rm->new_root, root_relative(m->destination) };
        if (rm->guard)
                r = make_entry(m, *ret);
        if (r != -ENOENT)
                return r;
        *ret = (RootName) { root_open_parent(rm, m->destination), path_name(m->destination) };
        return ret->directory < 0 ? ret->directory : make_entry(m, *ret);
}

/* Finds m's mount point, which it makes if the plan says so. */
static int make_place(RootMaker *rm, const PlanMount *m, RootName *ret) {
        int r;

        if (m->place != PLACE_EXISTS) {
                r = root_make_entry(rm, m, ret);
                return r == -EEXIST ? 0 : r;
        }
        if (rm->guard)
                *ret = (RootName) { rm->new_root, root_relative(m->destination) };
        else
                *ret = (RootName) { root_open_parent(rm, m->destination), path_name(m->destination) };
        return ret->directory < 0 ? ret->directory : 0;
}

/* Without the guard, "." leads to the mount point whatever happens to its path. */
static int go_to_place(RootMaker *rm, RootName at) {
        int fd = open_in(at.directory, at.name, 0, RESOLVE_BENEATH), r;

        if (fd < 0)
                return fd;
        r = fchdir(fd) < 0 ? -errno : 0;
        rm->directory = 0;
        fd_bin_add(&rm->spent, fd);
        return r;
}

int root_go_to(RootMaker *rm, int fd) {
        if (fd == rm->directory)
                return 0;
        if (fchdir(fd) < 0)
                return -errno;
        rm->directory = fd;
        return 0;
}

int root_mount(RootMaker *rm, const PlanMount *m, int from, const char *source, const char *type, unsigned long flags,
               const char *options) {
        RootName at;
        int r = make_place(rm, m, &at);

        if (r >= 0 && from >= 0)
                r = root_go_to(rm, from);
        if (r < 0)
                return r;
        if (rm->guard)
                r = mount(source, m->destination, type, flags | MS_NOSYMFOLLOW, options);
        else {
                r = go_to_place(rm, at);
                if (r < 0)
                        return r;
                r = mount(source, ".", type, flags, options);
        }
        return r < 0 ? -errno : 0;
}

/* Whether the directory of path is there, and path is not. */
static bool is_gone(RootMaker *rm, const char *path) {
        _cleanup_free_ char *parent = path_parent(path);
        int fd = parent ? root_open_destination(rm, parent) : -ENOMEM, there;

        if (fd < 0)
                return false;
        there = open_in(fd, path_name(path), O_NOFOLLOW, RESOLVE_BENEATH);
        fd_bin_add(&rm->spent, fd);
        fd_bin_add(&rm->spent, there);
        return there == -ENOENT;
}

/* If another file is renamed over the place meanwhile, the kernel says that the place does not exist. So only a look at
 * it shows that it is gone. */
int root_place(RootMaker *rm, const PlanMount *m, int mount_fd) {
        enum { TRIES = 100 };
        RootName at;
        int r = make_place(rm, m, &at);

        if (r >= 0)
                r = mount_attach_at(mount_fd, at.directory, at.name);
        for (unsigned i = 0; r == -ENOENT && i < TRIES && plan_mount_may_vanish(m); i++) {
                if (is_gone(rm, m->destination))
                        return 1;
                r = make_place(rm, m, &at);
                if (r >= 0)
                        r = mount_attach_at(mount_fd, at.directory, at.name);
        }
        return r < 0 ? root_mount_fail(rm, m, -r, "mount on", m->destination) : 0;
}

int root_place_copy(RootMaker *rm, const PlanMount *m, int attached, const char *name) {
        int source = attached, fd, r;

        if (rm->guard && root_mount(rm, m, rm->scratch, name, NULL, MS_BIND, NULL) >= 0)
                return 0;
        if (source < 0)
                source = openat(rm->scratch, name, O_PATH | O_CLOEXEC);
        fd = source < 0 ? -errno : mount_copy(source, false);
        r = fd < 0 ? root_mount_fail(rm, m, -fd, "hide", m->destination) : root_place(rm, m, fd);
        fd_bin_add(&rm->spent, fd);
        if (attached < 0)
                fd_bin_add(&rm->spent, source);
        return r;
}
