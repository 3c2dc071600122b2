/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/own-policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

/* Others can make files in a directory like /tmp, but not remove or replace those of the owner. */
static bool is_owned(const struct stat *st, uid_t owner) {
        bool sticky = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;

        return (st->st_uid == 0 || st->st_uid == owner) && (sticky || !(st->st_mode & (S_IWGRP | S_IWOTH)));
}

/* The real path of the program. -ENODATA if it has none, or if the path leads to another file by now. */
static int find_real(int fd, const struct stat *program, char **ret) {
        char link[32];
        struct stat st;
        int r;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        r = link_read(AT_FDCWD, link, ret);
        if (r < 0)
                return r == -ENOMEM ? r : -ENODATA;
        if (lstat(*ret, &st) < 0 || st.st_dev != program->st_dev || st.st_ino != program->st_ino) {
                free(TAKE_PTR(*ret));
                return -ENODATA;
        }
        return 0;
}

static int read_text(int place, const char *path, Notes *ret, Report *report) {
        _cleanup_close_ int fd = fd_open_regular(place);
        char *text;
        size_t size;
        int r;

        r = fd < 0 ? fd : fd_read_all(fd, &text, &size);
        if (r >= 0 && size >= TEXT_FILE_MAX) {
                free(text);
                r = -EFBIG;
        }
        if (r < 0)
                return r == -ENOMEM ? r : report_error(report, -r, "cannot read %s: %s", path, text_file_strerror(-r));
        return notes_from_text(path, text, size, ret, report);
}

static int read_sidecar(const char *real, uid_t owner, Notes *ret, Report *report) {
        _cleanup_free_ char *directory = path_parent(real), *path = format("%s" SIDECAR_SUFFIX, real);
        _cleanup_close_ int place = -1, fd = -1;
        struct stat st, above;

        if (!directory || !path)
                return -ENOMEM;
        if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) /* nearly always */
                return -ENODATA;
        place = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        fd = place < 0 ? -1 : openat(place, path_name(path), O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENAMETOOLONG
                               ? -ENODATA
                               : report_error(report, errno, "cannot read %s: %s", path, strerror(errno));
        if (fstat(fd, &st) < 0 || fstat(place, &above) < 0)
                return report_error(report, errno, "cannot read %s: %s", path, strerror(errno));
        if (!is_owned(&st, owner) || !is_owned(&above, owner))
                return report_error(report, EPERM,
                                    "refused: %s: only root and the owner of the program may be able to write to this "
                                    "file and its directory", path);
        return read_text(fd, path, ret, report);
}

int own_policy_read(int fd, const char *file, Notes *ret, Report *report) {
        _cleanup_free_ char *real = NULL;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return report_error(report, errno, "cannot read %s: %s", file, strerror(errno));
        if (st.st_mode & (S_ISUID | S_ISGID))
                return -ENODATA;
        r = find_real(fd, &st, &real);
        if (r >= 0)
                r = read_sidecar(real, st.st_uid, ret, report);
        return r == -ENODATA ? notes_read(fd, file, ret, report) : report_if_oom(report, r);
}
