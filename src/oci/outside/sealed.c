/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static int make_memory(void) {
        int fd = memfd_create("isorun-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("isorun-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        return fd < 0 ? -errno : fd;
}

static int copy_file(int from) {
        _cleanup_close_ int to = make_memory();
        struct stat st;

        if (to < 0)
                return to;
        if (fstat(from, &st) < 0)
                return -errno;
        for (off_t left = st.st_size; left > 0;) {
                ssize_t n = sendfile(to, from, NULL, (size_t) left);

                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                left -= n;
        }
        return fcntl(to, F_ADD_SEALS, SEALS) < 0 ? -errno : TAKE_FD(to);
}

int sealed_ensure(char *const *argv, char *const *environment, Report *report) {
        _cleanup_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy = -1;
        const int seals = self < 0 ? -1 : fcntl(self, F_GET_SEALS);

        if (self < 0)
                return report_error(report, errno, "cannot open /proc/self/exe: %s", strerror(errno));
        if (seals >= 0 && (seals & SEALS) == SEALS) {
                (void) prctl(PR_SET_NAME, "isorun-oci", 0, 0, 0);
                return 0;
        }
        copy = copy_file(self);
        if (copy < 0)
                return report_error(report, -copy, "cannot copy isorun-oci into memory: %s", strerror(-copy));
        execveat(copy, "", argv, environment, AT_EMPTY_PATH);
        return report_error(report, errno, "cannot execute isorun-oci from memory: %s", strerror(errno));
}
