/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/given.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "util/array.h"
#include "util/fd.h"

/* The files of a process in /proc are about the process that opens them, so they are not opened again. */
static bool is_of_process(const char *path) {
        const char *name = startswith(path, "/proc/");

        return name && isdigit((unsigned char) *name);
}

/* Whether the file is found at the path. */
static bool is_at(const char *path, const struct stat *st) {
        struct stat there;

        return lstat(path, &there) >= 0 && there.st_dev == st->st_dev && there.st_ino == st->st_ino;
}

/* A file that is at no path: a memfd, or it was removed, or it is already behind a mount of itself alone, as in a
 * sandbox, and then read-only. Otherwise the payload may change it. */
static void notice_lost(int fd, const struct stat *st, Report *report) {
        struct statvfs s;

        if (st->st_nlink > 0 && !(fstatvfs(fd, &s) >= 0 && s.f_flag & ST_RDONLY))
                report_notice(report,
                              "fd %d: the payload may be able to change this file, because isorun cannot find its path",
                              fd);
}

static int add(GivenFiles *files, int fd, bool inherited, Report *report) {
        _cleanup_free_ char *path = NULL;
        GivenFile *file;
        char link[64];
        struct stat st;
        int flags;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return 0;
        flags = fcntl(fd, F_GETFL);
        if (flags < 0)
                return -errno;
        if (flags & O_PATH || (flags & O_ACCMODE) != O_RDONLY)
                return 0;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (link_read(AT_FDCWD, link, &path) == -ENOMEM)
                return -ENOMEM;
        if (path && is_of_process(path))
                return 0;
        if (!path || !is_at(path, &st)) {
                notice_lost(fd, &st, report);
                return 0;
        }
        file = ARRAY_APPEND(files->items, files->n);
        if (!file)
                return -ENOMEM;
        /* It is opened through a link in /proc, whatever flag the caller had against symlinks. */
        *file = (GivenFile) { .fd = fd, .flags = flags & ~O_NOFOLLOW, .path = TAKE_PTR(path), .inherited = inherited,
                              .reopened = -1 };
        return 0;
}

int given_find(const Plan *plan, const int standard_io[static 3], ReadFiles read, GivenFiles *ret, Report *report) {
        for (int fd = 0; fd < 3 + (int) plan->n_passed_fds; fd++) {
                bool inherited = fd >= 3 || standard_io[fd] < 0;
                bool known = inherited && fd < 3 && !(read & 1U << fd);
                int r = known ? 0 : add(ret, inherited ? fd : standard_io[fd], inherited, report);

                if (r < 0)
                        return report_error(report, -r, "cannot use fd %d: %s", fd, strerror(-r));
        }
        return 0;
}

int given_keep(GivenFiles *files, size_t index, int fd) {
        if (index >= files->n || !files->items[index].inherited || files->items[index].reopened >= 0) {
                fd_close(fd);
                return -EPROTO;
        }
        files->items[index].reopened = fd;
        return 0;
}

void given_return_offsets(const GivenFiles *files) {
        for (size_t i = 0; i < files->n; i++) {
                off_t offset = files->items[i].reopened < 0 ? -1 : lseek(files->items[i].reopened, 0, SEEK_CUR);

                if (offset >= 0)
                        (void) lseek(files->items[i].fd, offset, SEEK_SET);
        }
}

void given_deinit(GivenFiles *files) {
        for (size_t i = 0; i < files->n; i++) {
                fd_close(files->items[i].reopened);
                free(files->items[i].path);
        }
        free(files->items);
}
