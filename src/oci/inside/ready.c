/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/ready.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "oci/inside/root.h"
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

int ready_listen(const Spec *spec, int root, int *ret, Failure *f) {
        const SpecMount m = { .destination = (char *) SPEC_NOTIFY_DIRECTORY, .type = (char *) "tmpfs",
                              .data = (char *) "mode=755" };
        const unsigned flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        MountReason reason = {};
        _cleanup_close_ int directory = mount_make(m.type, "mode=755,size=4k,nr_inodes=2", flags, &reason), fd = -1;
        int r;

        if (directory < 0)
                return fail(f, -directory, "cannot make a tmpfs for " SPEC_NOTIFY_SOCKET "%s", reason.text);
        fd = listen_in(directory);
        if (fd < 0)
                return fail(f, -fd, "cannot make the socket " SPEC_NOTIFY_SOCKET);
        if (mount_setattr(directory, "", AT_EMPTY_PATH, &(struct mount_attr) { .attr_set = MOUNT_ATTR_RDONLY },
                          sizeof(struct mount_attr)) < 0)
                return fail(f, errno, "cannot write-protect the directory of " SPEC_NOTIFY_SOCKET);
        r = root_attach(spec, &m, root, directory, f);
        if (r < 0)
                return r;
        *ret = TAKE_FD(fd);
        return 0;
}
