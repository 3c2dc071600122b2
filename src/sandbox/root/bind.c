/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources of binds. */
#include "sandbox/root/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/path.h"

/* If the caller passed the source as an fd, its path must still lead to the same file. */
static int check_same(int source, int passed) {
        struct stat a, b;

        if (fstat(source, &a) < 0 || fstat(passed, &b) < 0)
                return -errno;
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino ? 0 : -ESTALE;
}

static int copy_source(RootMaker *rm, const char *path, MountAttributes attributes) {
        int fd = root_open_source(rm, path, 0), copy, r;

        if (fd < 0)
                return fd;
        copy = mount_copy(fd, attributes.recursive);
        fd_bin_add(&rm->spent, fd);
        if (copy < 0)
                return copy;
        r = mount_set_bits(copy, mount_attribute_bits(attributes) | rm->guard, attributes.recursive);
        if (r < 0)
                fd_close(copy);
        return r < 0 ? r : copy;
}

/* Behind the guard, open_tree(2) fails at a symlink. */
static int copy_by_path(const RootMaker *rm, const char *path, MountAttributes attributes) {
        const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (attributes.recursive ? AT_RECURSIVE : 0);
        int copy = open_tree(rm->new_root, root_relative(path), flags);

        return copy < 0 ? -errno : copy;
}

static int clone_source(RootMaker *rm, const PlanMount *m, MountAttributes attributes) {
        const bool inherits = rm->guard && rm->inherited == mount_attribute_bits(attributes);
        int copy = inherits ? copy_by_path(rm, m->source.path, attributes)
                            : copy_source(rm, m->source.path, attributes);
        int r = copy >= 0 && m->source.kind == SOURCE_FD ? check_same(copy, m->source.fd) : 0;

        if (r < 0)
                fd_close(copy);
        return r < 0 ? r : copy;
}

/* A mount that was made outside has its attributes; what it shows may have symlinks. */
static int use_mount(const RootMaker *rm, int mount_fd, unsigned bits, bool recursive) {
        _cleanup_close_ int fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
        int r = 0;

        if (fd < 0)
                return -errno;
        if (bits | rm->guard)
                r = mount_set_bits(fd, bits | rm->guard, recursive);
        return r < 0 ? r : TAKE_FD(fd);
}

/* A directory of the host that the plan covers, with path below it. */
static const PlanMount *find_cover(const Plan *plan, const char *path) {
        for (size_t i = 1; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (m->kind == MOUNT_TMPFS && m->place == PLACE_EXISTS && path_is_below(path, m->destination))
                        return m;
        }
        return NULL;
}

static const RootCovered *find_covered(const RootMaker *rm, const char *path) {
        for (unsigned i = 0; i < rm->n_covered; i++)
                if (path_is_below(path, rm->covered[i].path))
                        return &rm->covered[i];
        return NULL;
}

bool root_keep_covered(RootMaker *rm, const PlanMount *m) {
        const PlanMount *cover;
        int fd;

        if (!rm->guard || m->source.kind != SOURCE_PATH)
                return false;
        if (find_covered(rm, m->source.path))
                return true;
        cover = rm->n_covered < ROOT_COVERED_MAX ? find_cover(rm->plan, m->source.path) : NULL;
        fd = cover ? root_open_source(rm, cover->destination, O_DIRECTORY) : -1;
        if (fd < 0)
                return false;
        rm->covered[rm->n_covered++] = (RootCovered) { cover->destination, fd };
        return true;
}

/* If mount(2) fails, a copy is made and placed, which says why. */
int root_bind_covered(RootMaker *rm, const PlanMount *m) {
        const RootCovered *covered = find_covered(rm, m->source.path);
        const char *path = m->source.path + strlen(covered->path) + 1;
        const unsigned flags = m->attributes.recursive ? AT_RECURSIVE : 0;
        int fd, r;

        if (root_mount(rm, m, covered->fd, path, NULL, MS_BIND | (flags ? MS_REC : 0), NULL) >= 0)
                return 0;
        fd = open_tree(covered->fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
        r = fd < 0 ? root_mount_fail(rm, m, errno, "bind", m->source.path) : root_place(rm, m, fd);
        fd_bin_add(&rm->spent, fd);
        return r;
}

int root_make_bind(RootMaker *rm, const PlanMount *m, MountAttributes attributes) {
        switch (m->source.kind) {
        case SOURCE_ID_MAPPED:
                return use_mount(rm, rm->id_mapped[m - rm->plan->mounts], 0, true);
        case SOURCE_DETACHED:
                return use_mount(rm, m->source.fd, mount_attribute_bits(attributes), attributes.recursive);
        default:
                return clone_source(rm, m, attributes);
        }
}
