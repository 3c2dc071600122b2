/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/start.h"
#include "util/fd.h"
#include "util/mount-table.h"
#include "util/process.h"

void self_deinit(Self *self) {
        fd_close(self->fd);
        free(self->path);
        *self = (Self) { .fd = -1 };
}

int self_open(Self *ret, Report *report) {
        _cleanup_(self_deinit) Self self = { .fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC) };
        struct stat st, there;
        int r;

        if (self.fd < 0 || fstat(self.fd, &st) < 0)
                return report_error(report, errno, "cannot open this program's file, /proc/self/exe: %s",
                                    strerror(errno));
        r = link_read(AT_FDCWD, "/proc/self/exe", &self.path);
        if (r < 0)
                return report_error(report, -r, "cannot read the link /proc/self/exe: %s", strerror(-r));
        if (stat(self.path, &there) < 0 || there.st_dev != st.st_dev || there.st_ino != st.st_ino)
                return report_error(report, ESTALE, "the file of this program is not at %s: it was replaced or removed "
                                                    "after the start", self.path);
        *ret = self;
        self = (Self) { .fd = -1 };
        return 0;
}

int self_open_script(const char *path, Self *ret, Report *report) {
        _cleanup_(self_deinit) Self self = { .fd = file_open_regular(path), .path = realpath(path, NULL) };
        char start[2];

        if (self.fd < 0)
                return report_error(report, -self.fd, "cannot open the script %s: %s", path,
                                    text_file_strerror(-self.fd));
        if (!self.path)
                return report_error(report, errno, "cannot find the directory of the script %s: %s", path,
                                    strerror(errno));
        if (pread(self.fd, start, sizeof(start), 0) != sizeof(start) || memcmp(start, "#!", sizeof(start)) != 0)
                return report_error(report, ENOEXEC, "%s is not a script: it does not begin with #!", path);
        *ret = self;
        self = (Self) { .fd = -1 };
        return 0;
}

static int check_threads(Report *report) {
        _cleanup_free_ char *threads = NULL;
        int r;

        r = process_status(0, "Threads", &threads);
        if (r < 0)
                return report_error(report, -r, "cannot read /proc/self/status: %s", strerror(-r));
        if (streq(threads, "1"))
                return 0;
        return report_error(report, EBUSY,
                            "this process has %s threads: a program isolates itself before it makes the first one",
                            threads);
}

/* Where it cannot be found out, this returns false. */
static bool is_mount_point(const char *path) {
        struct statx st;

        return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, 0, &st) >= 0 && st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* If the root of this process is no mount point, the table of mounts has no line for it: proc_pid_mountinfo(5). The
 * kernel then makes no user namespace: user_namespaces(7), EPERM. */
static int check_root(Report *report) {
        _cleanup_(mount_table_deinit) MountTable table = {};
        int r;

        if (is_mount_point("/"))
                return 0;
        r = mount_table_read("/proc/self/mountinfo", &table);
        if (r < 0)
                return report_error(report, -r, "cannot read /proc/self/mountinfo: %s", strerror(-r));
        for (size_t i = 0; i < table.n; i++)
                if (streq(table.items[i].path, "/"))
                        return 0;
        return report_error(report, EXDEV,
                            "this process is in a chroot(2) environment, where the kernel lets nobody make a sandbox: "
                            "start it outside");
}

int self_check(Report *report) {
        for (int fd = 0; fd < 3; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        return report_error(report, EBADF, "fd %d is closed: open /dev/null for it", fd);
        return check_root(report);
}

int self_check_rights(Report *report) {
        if (start_has_more_rights())
                return report_error(report, EPERM,
                                    "this program has more rights than its caller: remove the set-user-ID bit, the "
                                    "set-group-ID bit and the capabilities of its file");
        return check_threads(report);
}
