/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/copy-up.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/strv.h"

enum { DEPTH_MAX = 200 }; /* an image could have more levels than this process has fds */

static int copy_tree(int from, int to, unsigned depth);

static int copy_file(int from, int to, const char *name, const struct stat *st) {
        _cleanup_close_ int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), copy = -1;
        struct stat now;
        ssize_t n;

        if (source < 0 || fstat(source, &now) < 0)
                return -errno;
        if (!S_ISREG(now.st_mode)) /* it has been exchanged */
                return -EAGAIN;
        copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (copy < 0)
                return -errno;
        while ((n = sendfile(copy, source, NULL, 1 << 20)) > 0)
                ;
        if (n < 0 || fchown(copy, st->st_uid, st->st_gid) < 0 || fchmod(copy, st->st_mode & 07777) < 0)
                return -errno;
        return 0;
}

static int copy_directory(int from, int to, const char *name, const struct stat *st, unsigned depth) {
        _cleanup_close_ int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), copy = -1;

        if (source < 0 || mkdirat(to, name, 0700) < 0)
                return -errno;
        copy = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (copy < 0 || fchown(copy, st->st_uid, st->st_gid) < 0 || fchmod(copy, st->st_mode & 07777) < 0)
                return -errno;
        return copy_tree(source, copy, depth + 1);
}

static int copy_other(int from, int to, const char *name, const struct stat *st) {
        _cleanup_free_ char *target = NULL;
        int r = S_ISLNK(st->st_mode) ? link_read(from, name, &target) : 0;

        if (r < 0)
                return r;
        if (target ? symlinkat(target, to, name) < 0 : mknodat(to, name, st->st_mode, st->st_rdev) < 0)
                return -errno;
        return fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_one(int from, int to, const char *name, unsigned depth) {
        struct stat st;
        int r;

        if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = S_ISREG(st.st_mode) ? copy_file(from, to, name, &st) :
            S_ISDIR(st.st_mode) ? copy_directory(from, to, name, &st, depth) : copy_other(from, to, name, &st);
        if (r >= 0 && utimensat(to, name, (struct timespec[]) { st.st_atim, st.st_mtim }, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return r;
}

static int copy_tree(int from, int to, unsigned depth) {
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (depth > DEPTH_MAX)
                return -ELOOP;
        r = directory_list_all(from, &names);
        for (char **name = names; r >= 0 && name && *name; name++)
                r = copy_one(from, to, *name, depth);
        return r;
}

int copy_up(int from, int to) {
        _cleanup_close_ int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), copy = -1;

        copy = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return source < 0 || copy < 0 ? -errno : copy_tree(source, copy, 0);
}
