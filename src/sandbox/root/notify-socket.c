/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the socket that the payload's NOTIFY_SOCKET names. It is in a tmpfs of its own, which nobody inside can
 * write. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox/root/maker.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"

/* Binds the socket by a relative path, because the directory has no path yet. Then it goes back: names in the scratch
 * are relative. The umask is 0 here, so every id inside may connect. */
static int bind_in(RootMaker *rm, int directory, int fd) {
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PLAN_NOTIFY_NAME };
        int r = root_go_to(rm, directory), q;

        if (r >= 0 && bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                r = -errno;
        q = root_go_to(rm, rm->scratch >= 0 ? rm->scratch : rm->old_root);
        return r < 0 ? r : q;
}

static int make_socket(RootMaker *rm, int directory) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int) { 1 }, sizeof(int)) < 0)
                return -errno;
        r = bind_in(rm, directory, fd);
        return r < 0 ? r : TAKE_FD(fd);
}

int root_do_notify(RootMaker *rm, const PlanMount *m) {
        struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
        _cleanup_close_ int fs = -1, fd = -1;

        fs = mount_make("tmpfs", "mode=755,size=4k", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                        &rm->reason);
        fd = fs < 0 ? fs : make_socket(rm, fs);
        if (fd < 0)
                return root_mount_fail(rm, m, -fd, "create the socket in", m->destination);
        if (mount_setattr(fs, "", AT_EMPTY_PATH, &read_only, sizeof(read_only)) < 0)
                return root_mount_fail(rm, m, errno, "write-protect", m->destination);
        *rm->notify = TAKE_FD(fd);
        return root_place(rm, m, fs);
}
