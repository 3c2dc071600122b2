/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "oci/inside/attach.h"
#include "oci/inside/root.h"
#include "oci/inside/walk.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

/* runtime-linux.md, "Dev symbolic links", and config-linux.md on /dev/ptmx. */
static const struct {
        const char *name, *target;
} links[] = {
        { "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
        { "stderr", "/proc/self/fd/2" }, { "ptmx", "pts/ptmx" },
};

bool device_is(const struct stat *st, const SpecDevice *d) {
        return (st->st_mode & S_IFMT) == d->type && (d->type == S_IFIFO || st->st_rdev == d->number);
}

char *root_host_device(const Spec *spec, const char *path) {
        return format("%s%s", spec->joined[SPEC_USER] ? ROOT_STAGED_DEVICES : "", path);
}

/* Without the right to make a device, the host's is bound. The image may have put something else in its place; a mount
 * covers a file, and follows no symlink. */
static int bind_device(const Spec *spec, const SpecDevice *d, int parent, const char *name, Failure *f) {
        struct mount_attr safe = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
        _cleanup_free_ char *path = root_host_device(spec, d->path);
        _cleanup_close_ int host = path ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1, copy = -1, place = -1;
        struct stat st;
        int r;

        if (!path)
                return fail(f, ENOMEM, "cannot make %s", d->path);
        if (host < 0 || fstat(host, &st) < 0)
                return fail(f, errno, "cannot open %s of the host%s", d->path,
                            spec->joined[SPEC_USER] ? ", or it is another device" : "");
        if (!device_is(&st, d))
                return fail(f, ENODEV, "%s of the host is another device", d->path);
        fd_close(openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
        place = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (place < 0 || fstat(place, &st) < 0)
                return fail(f, errno, "cannot make %s", d->path);
        if (S_ISLNK(st.st_mode))
                return fail(f, ELOOP, "cannot mount %s", d->path);
        copy = mount_copy(host, false);
        r = copy < 0 ? copy : mount_setattr(copy, "", AT_EMPTY_PATH, &safe, sizeof(safe)) < 0 ? -errno : 0;
        if (r >= 0)
                r = attach_in(spec, copy, place);
        return r < 0 ? fail(f, -r, "cannot mount %s%s", d->path, attach_hint(r)) : 0;
}

/* Whether the directory at fd is in a bind mount that config.json has elsewhere: a symlink of the image leads there, or
 * has put the mount here. Returns 1, 0 or -errno. */
static int is_redirected(const Spec *spec, const char *directory, int root, int fd) {
        struct statx here, there;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &here) < 0)
                return -errno;
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];
                _cleanup_free_ char *absolute = path_join("/", m->destination),
                                    *path = absolute ? path_simplify(absolute) : NULL;
                _cleanup_close_ int mount = -1;

                if (!path)
                        return -ENOMEM;
                if (m->type || m->remount || path_is_at_or_below(directory, path))
                        continue;
                mount = walk(root, path, WALK_FIND, true);
                if (mount >= 0 && statx(mount, "", AT_EMPTY_PATH, STATX_MNT_ID, &there) >= 0 &&
                    here.stx_mnt_id == there.stx_mnt_id)
                        return 1;
        }
        return 0;
}

/* The directory of the last device: nearly all are in /dev. */
typedef struct Parent {
        char *path;
        int fd;
} Parent;

static void parent_deinit(Parent *parent) {
        free(parent->path);
        fd_close(parent->fd);
}

/* Returns the fd, which belongs to parent. */
static int open_parent(const Spec *spec, const char *path, int root, Parent *parent, Failure *f) {
        _cleanup_free_ char *directory = path_parent(path);
        bool symlink;
        int fd, r;

        if (directory && parent->path && streq(directory, parent->path))
                return parent->fd;
        fd = directory ? walk(root, directory, WALK_MAKE_DIRECTORY, false) : -ENOMEM;
        symlink = fd == -ELOOP;
        if (symlink)
                fd = walk(root, directory, WALK_MAKE_DIRECTORY, true);
        r = fd >= 0 && (symlink || root_has_symlinked_bind()) ? is_redirected(spec, directory, root, fd) : 0;
        if (r != 0)
                fd_close(fd);
        if (r > 0)
                return fail(f, EXDEV, "cannot make %s: by a symlink of the image, it is in a bind mount", path);
        if (fd < 0 || r < 0)
                return fail(f, fd < 0 ? -fd : -r, "cannot open the directory of %s", path);
        parent_deinit(parent);
        *parent = (Parent) { .path = TAKE_PTR(directory), .fd = fd };
        return fd;
}

static int make_device(const Spec *spec, const SpecDevice *d, int root, Parent *last, Failure *f) {
        const int parent = open_parent(spec, d->path, root, last, f);
        const char *name = path_name(d->path);
        struct stat st;

        if (parent < 0)
                return parent;
        if (mknodat(parent, name, d->type | d->mode, d->number) < 0) {
                if (errno == EPERM)
                        return bind_device(spec, d, parent, name, f);
                if (errno != EEXIST)
                        return fail(f, errno, "cannot make %s", d->path);
                if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !device_is(&st, d))
                        return fail(f, EEXIST, "cannot make %s", d->path);
                return 0;
        }
        if (fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(f, errno, "cannot give %s its owner", d->path);
        return 0;
}

static int make_links(const Spec *spec, int root, Parent *last, Failure *f) {
        const int parent = open_parent(spec, "/dev/fd", root, last, f);

        if (parent < 0)
                return parent;
        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                if (symlinkat(links[i].target, parent, links[i].name) < 0 && errno != EEXIST)
                        return fail(f, errno, "cannot make the symlink /dev/%s", links[i].name);
        return 0;
}

int devices_make(const Spec *spec, int root, Failure *f) {
        _cleanup_(parent_deinit) Parent last = { .fd = -1 };
        int r = 0;

        if (spec_has_own_devices(spec))
                return 0;
        for (size_t i = 0; r >= 0 && i < SPEC_DEFAULT_DEVICES; i++)
                r = make_device(spec, &spec_default_devices[i], root, &last, f);
        for (size_t i = 0; r >= 0 && i < spec->n_devices; i++)
                r = make_device(spec, &spec->devices[i], root, &last, f);
        return r < 0 ? r : make_links(spec, root, &last, f);
}
