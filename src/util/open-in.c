/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/open-in.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/kernel.h"

/* Opens one component. A directory before the last component is opened with O_DIRECTORY, so that an automount at that
 * place is mounted. */
static int step(int dir, const char *name, uint64_t flags) {
        _cleanup_close_ int fd = openat(dir, name, (int) flags | O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd < 0 && errno == ENOTDIR && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
                return -ELOOP;
        if (fd < 0)
                return -errno;
        if (flags & O_NOFOLLOW)
                return TAKE_FD(fd);
        /* With O_PATH and O_NOFOLLOW, openat(2) opens a symlink itself, also a magic link of /proc. */
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISLNK(st.st_mode) ? -ELOOP : TAKE_FD(fd);
}

int open_in_steps(int root, const char *path, uint64_t flags) {
        _cleanup_close_ int dir = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *copy = strdup(path);
        char *position = NULL, *name;

        if (dir < 0)
                return -errno;
        name = copy ? strtok_r(copy, "/", &position) : NULL;
        while (name) {
                char *next = strtok_r(NULL, "/", &position);
                int fd;

                if (streq(name, ".."))
                        return -EXDEV;
                fd = step(dir, name, next ? O_DIRECTORY : flags);
                if (fd < 0)
                        return fd;
                fd_close(dir);
                dir = fd;
                name = next;
        }
        return copy ? TAKE_FD(dir) : -ENOMEM;
}

int open_in(int root, const char *path, uint64_t flags, uint64_t resolve) {
        struct open_how how = { .flags = flags | O_PATH | O_CLOEXEC,
                                .resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
        int fd;

        /* -EAGAIN: another process renamed or mounted something meanwhile (openat2(2)). */
        do
                fd = sys_openat2(root, path, &how);
        while (fd < 0 && errno == EAGAIN);
        if (fd < 0 && errno == ENOSYS)
                return open_in_steps(root, path, flags);
        return fd < 0 ? -errno : fd;
}
