/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/joined.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/text.h"

/* Returns 1 if it is this process's own namespace, 0, or -errno, reported. */
static int is_own(size_t i, int fd, Report *report) {
        _cleanup_free_ char *own = format("/proc/self/ns/%s", spec_namespaces[i].file);
        struct stat a, b;

        if (!own)
                return report_oom(report);
        if (stat(own, &a) < 0 || fstat(fd, &b) < 0)
                return report_error(report, errno, "cannot compare %s: %s", own, strerror(errno));
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A sysctl or name of the host's own namespace would change the host, and so would a new name for its device. */
static int check_not_own(const Spec *spec, size_t i, int fd, Report *report) {
        const bool sysctls = json_object_size(spec->sysctls) > 0;
        const bool names = i == SPEC_UTS && (spec->host_name || spec->domain_name);
        const bool devices = i == SPEC_NETWORK && spec->n_net_devices > 0;
        int r;

        if (!sysctls && !names && !devices)
                return 0;
        r = is_own(i, fd, report);
        if (r <= 0)
                return r;
        return report_error(report, EINVAL, "%s has %s, and joins the host's own %s namespace", spec->file,
                            sysctls ? "sysctls" : devices ? "netDevices" : "a host or domain name",
                            spec_namespaces[i].name);
}

static int open_one(const Spec *spec, size_t i, Report *report) {
        const char *path = spec->joined[i];
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        int r;

        if (fd < 0)
                return report_error(report, errno, "cannot open the namespace %s: %s", path, strerror(errno));
        if ((uint64_t) ioctl(fd, NS_GET_NSTYPE) != spec_namespaces[i].flag)
                return report_error(report, EINVAL, "%s: /linux/namespaces: %s is not a %s namespace", spec->file,
                                    path, spec_namespaces[i].name);
        r = check_not_own(spec, i, fd, report);
        return r < 0 ? r : TAKE_FD(fd);
}

int joined_open(const Spec *spec, int ret[static SPEC_NAMESPACES], Report *report) {
        int r = 0;

        for (size_t i = 0; i < SPEC_NAMESPACES; i++)
                ret[i] = -1;
        for (size_t i = 0; r >= 0 && i < SPEC_NAMESPACES; i++)
                if (spec->joined[i])
                        r = ret[i] = open_one(spec, i, report);
        return r < 0 ? r : 0;
}

bool joined_any(const int fds[static SPEC_NAMESPACES]) {
        for (size_t i = 0; i < SPEC_NAMESPACES; i++)
                if (fds[i] >= 0)
                        return true;
        return false;
}

int joined_drop_groups(const Spec *spec) {
        return spec->keep_groups || sys_setgroups(0, NULL) >= 0 || errno == EPERM ? 0 : -errno;
}

int joined_enter(const Spec *spec, int fds[static SPEC_NAMESPACES], Report *report) {
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return report_error(report, errno, "cannot protect a process from tracing: %s", strerror(errno));
        for (size_t i = 0; i < SPEC_NAMESPACES; i++) {
                if (fds[i] >= 0 && setns(fds[i], (int) spec_namespaces[i].flag) < 0)
                        return report_error(report, errno, "cannot join the namespace %s: %s", spec->joined[i],
                                            strerror(errno));
                fds[i] = fd_close(fds[i]);
        }
        return 0;
}
