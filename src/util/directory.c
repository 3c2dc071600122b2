/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "util/fd.h"
#include "util/macro.h"

/* Visits the entries of one buffer. glibc's struct dirent64 is the kernel's linux_dirent64: getdents64(2). */
static int visit_entries(const char *buffer, size_t size, DirectoryVisit visit, void *userdata) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < size;) {
                const struct dirent64 *e = (const void *) (buffer + i);

                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = visit(userdata, e->d_name, e->d_type);
                i += e->d_reclen;
        }
        return r < 0 ? r : 0;
}

int directory_visit(const char *path, DirectoryVisit visit, void *userdata) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
        _Alignas(struct dirent64) char buffer[8192];
        ssize_t n;
        int r = 0;

        if (fd < 0)
                return -errno;
        while (r >= 0 && (n = getdents64(fd, buffer, sizeof(buffer))) != 0)
                r = n < 0 ? -errno : visit_entries(buffer, (size_t) n, visit, userdata);
        return r;
}
