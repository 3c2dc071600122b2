/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens sources and destinations, and attaches mounts. The directories above a destination are looked up without
 * symlinks. Its last component is then a name in an open directory, which no call follows if it is a symlink: a mount
 * covers the symlink itself, and a directory cannot be mounted on it (move_mount(2)). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox/root/maker.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"
#include "util/path.h"

/* Makes the path relative. openat2(2) would take an absolute path from "/", unless RESOLVE_IN_ROOT is set. */
static const char *relative(const char *path) {
        return path[1] ? path + 1 : ".";
}

int root_open_source(RootMaker *rm, const char *path, uint64_t flags) {
        return open_in(rm->old_root, relative(path), flags, 0);
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

/* Opens the parent of m's mount point, and makes the mount point if the plan says so. Returns the fd or -errno. */
static int make_place(RootMaker *rm, const PlanMount *m) {
        const char *name = path_name(m->destination);
        int parent = root_open_parent(rm, m->destination), r;

        if (parent < 0 || m->place == PLACE_EXISTS)
                return parent;
        r = plan_mount_is_directory(m) ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
        return r < 0 && errno != EEXIST ? -errno : parent;
}

int root_open_place(RootMaker *rm, const PlanMount *m) {
        int parent = make_place(rm, m);

        return parent < 0 ? parent : open_in(parent, path_name(m->destination), 0, RESOLVE_BENEATH);
}

int root_place(RootMaker *rm, const PlanMount *m, int mount_fd) {
        int r = make_place(rm, m);

        if (r >= 0)
                r = mount_attach_at(mount_fd, r, path_name(m->destination));
        return r < 0 ? root_mount_fail(rm, m, -r, "mount on", m->destination) : 0;
}

int root_place_copy(RootMaker *rm, const PlanMount *m, int attached) {
        int fd = mount_copy(attached, false), r;

        r = fd < 0 ? root_mount_fail(rm, m, -fd, "hide", m->destination) : root_place(rm, m, fd);
        fd_bin_add(&rm->spent, fd);
        return r;
}
