/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/open-in.h"
#include "util/path.h"

/* Without O_NONBLOCK, a FIFO that a command has made would keep this process waiting. Returns 0 or -errno, -ENXIO for a
 * FIFO. */
static int check_file(int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISFIFO(st.st_mode))
                return -ENXIO;
        return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_file(const char *path, bool input) {
        const int flags = O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC |
                          (input ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC);
        _cleanup_free_ char *parent = path_parent(path);
        _cleanup_close_ int root = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC), directory = -1;
        _cleanup_close_ int fd = -1;
        int r;

        if (!parent || root < 0)
                return -ENOMEM;
        directory = open_in(root, parent, O_DIRECTORY, 0);
        if (directory < 0)
                return directory;
        fd = openat(directory, path_name(path), flags, 0666);
        if (fd < 0)
                return -errno;
        r = check_file(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

static int open_one(const Job *job, int fd, int *ret, Report *report) {
        const char *path = job->files[fd];
        int r = open_file(path, fd == STDIN_FILENO);

        if (r == -ELOOP)
                return report_error(report, ELOOP,
                                    "\"%s\": a part of %s is a symlink, which isorun does not follow here",
                                    job_file_keys[fd], path);
        if (r == -ENXIO) /* of open(2), too, if nothing reads from the FIFO */
                return report_error(report, ENXIO, "\"%s\": %s is a FIFO or a socket", job_file_keys[fd], path);
        if (r < 0)
                return report_error(report, -r, "\"%s\": cannot open %s: %s", job_file_keys[fd], path, strerror(-r));
        *ret = r;
        return isatty(r) ? report_error(report, EINVAL, "\"%s\": %s is a terminal", job_file_keys[fd], path) : 0;
}

/* If both outputs are one file, each would overwrite what the other has written. */
static bool is_same_output(const Job *job, int fd) {
        return fd == STDERR_FILENO && job->files[STDOUT_FILENO] && streq(job->files[fd], job->files[STDOUT_FILENO]);
}

static int duplicate(int fd, int *ret, Report *report) {
        *ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return *ret < 0 ? report_error(report, errno, "cannot duplicate a file: %s", strerror(errno)) : 0;
}

int files_open(const Job *job, int ret[static 3], Report *report) {
        int fds[3] = { -1, -1, -1 }, r = 0;

        for (int fd = 0; r >= 0 && fd < 3; fd++)
                if (job->files[fd])
                        r = is_same_output(job, fd) ? duplicate(fds[STDOUT_FILENO], &fds[fd], report)
                                                    : open_one(job, fd, &fds[fd], report);
        if (r < 0)
                fds_close(fds, ELEMENTSOF(fds));
        else
                memcpy(ret, fds, sizeof(fds));
        return r;
}
