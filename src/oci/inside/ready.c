/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/ready.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "oci/inside/attach.h"
#include "oci/inside/root.h"
#include "oci/inside/walk.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/path.h"

/* The kernel gives the file the mode 0777, less the umask, which is 0 here: each user in the container may write. */
static int listen_in(int directory) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", directory,
                 path_name(SPEC_NOTIFY_SOCKET));
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Whether the directory may be made below this place: in the root itself, or in a new directory in memory. Everything
 * else that is mounted there is a volume, which the socket's directory would be left in. A symlink of the image may
 * have put a volume there, too. */
static bool is_place(const Spec *spec, int root, int place) {
        const SpecMount *last = NULL;
        unsigned own, there;

        if (attach_mount_id(root, &own) < 0 || attach_mount_id(place, &there) < 0)
                return false;
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (streq(spec->mounts[i].destination, "/run") && !spec->mounts[i].remount)
                        last = &spec->mounts[i];
        return own == there || (last && last->type && streq(last->type, "tmpfs") && !root_has_symlinked_bind());
}

/* The image must not put the mount elsewhere by a symlink. A mount of config.json at the directory itself is covered:
 * nothing is made in that. */
static int open_place(const Spec *spec, int root, Failure *f) {
        _cleanup_close_ int parent = walk(root, "/run", WALK_FIND, false);
        int fd;

        if (parent >= 0 && !is_place(spec, root, parent))
                return fail(f, EBUSY, "cannot make " SPEC_NOTIFY_SOCKET ": /run is in a mount of config.json that is "
                                      "not a tmpfs (start isorun-oci without NOTIFY_SOCKET, or mount it elsewhere)");
        fd = walk(root, SPEC_NOTIFY_DIRECTORY, WALK_MAKE_DIRECTORY, false);
        return fd < 0 ? fail(f, -fd, "cannot open or make the directory " SPEC_NOTIFY_DIRECTORY "%s",
                             fd == -ELOOP ? ": a symlink is in its path" : "")
                      : fd;
}

int ready_listen(const Spec *spec, int root, int *ret, Failure *f) {
        const unsigned flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        MountReason reason = {};
        _cleanup_close_ int directory = mount_make("tmpfs", "mode=755,size=4k,nr_inodes=2", flags, &reason),
                            fd = -1, place = -1;
        int r;

        if (directory < 0)
                return fail(f, -directory, "cannot make a tmpfs for " SPEC_NOTIFY_SOCKET "%s", reason.text);
        fd = listen_in(directory);
        if (fd < 0)
                return fail(f, -fd, "cannot make the socket " SPEC_NOTIFY_SOCKET);
        if (mount_setattr(directory, "", AT_EMPTY_PATH, &(struct mount_attr) { .attr_set = MOUNT_ATTR_RDONLY },
                          sizeof(struct mount_attr)) < 0)
                return fail(f, errno, "cannot write-protect the directory of " SPEC_NOTIFY_SOCKET);
        place = open_place(spec, root, f);
        if (place < 0)
                return place;
        r = attach_in(spec, directory, place);
        if (r < 0)
                return fail(f, -r, "cannot mount " SPEC_NOTIFY_DIRECTORY "%s", attach_hint(r));
        *ret = TAKE_FD(fd);
        return 0;
}
