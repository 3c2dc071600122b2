/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/label.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/text.h"

/* Without a policy, each process has the label "kernel". */
bool label_selinux_enabled(void) {
        _cleanup_free_ char *label = NULL;
        struct statfs fs;

        return statfs("/sys/fs/selinux", &fs) >= 0 && fs.f_type == SELINUX_MAGIC && !(fs.f_flags & ST_RDONLY) &&
               file_read_line(AT_FDCWD, "/proc/self/attr/current", &label) >= 0 && !streq(label, "kernel");
}

bool label_apparmor_enabled(void) {
        _cleanup_free_ char *enabled = NULL;

        return file_read_line(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", &enabled) >= 0 && *enabled == 'Y';
}

/* The file is opened in the procfs at /proc itself, past nothing that an image or another process may have mounted
 * there (CVE-2019-16884, CVE-2025-52881): a file that only looks like it would leave the process without its label. */
static int open_attribute(const char *file) {
        const struct open_how how = { .flags = O_WRONLY | O_CLOEXEC,
                                      .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS };
        _cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct statfs fs;
        int fd;

        if (proc < 0 || fstatfs(proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
                return -ENODEV;
        fd = sys_openat2(proc, file, &how);
        return fd < 0 ? -errno : fd;
}

/* what: "the SELinux label X". The kernel takes the text as a whole or refuses it. */
static int write_attribute(int fd, const char *text, const char *what, Failure *f) {
        if (fd < 0)
                return fail(f, -fd, "cannot set %s%s", what,
                            fd == -ENODEV ? " (there is no procfs at /proc)" :
                            fd == -EXDEV ? " (something is mounted over the file of /proc that takes it)" : "");
        if (write(fd, text, strlen(text)) < 0)
                return fail(f, errno, "cannot set %s%s", what,
                            errno == EINVAL ? " (the host's policy does not have it)" :
                            errno == ENOENT ? " (the host has not loaded it)" : "");
        return 0;
}

static int set_context(const char *file, const char *label, const char *of, Failure *f) {
        _cleanup_free_ char *what = format("the SELinux label %s%s", label, of);
        _cleanup_close_ int fd = open_attribute(file);

        return write_attribute(fd, label, what ?: label, f);
}

/* Kernels before 5.8 have one file for all modules. */
static int set_profile(const char *profile, Failure *f) {
        _cleanup_free_ char *text = format("exec %s", profile), *what = format("the AppArmor profile %s", profile);
        _cleanup_close_ int own = open_attribute("self/attr/apparmor/exec"),
                            shared = own == -ENOENT ? open_attribute("self/attr/exec") : -1;

        return text ? write_attribute(own == -ENOENT ? shared : own, text, what ?: profile, f)
                    : fail(f, ENOMEM, "cannot set the AppArmor profile %s", profile);
}

int label_set(const SpecProcess *process, Failure *f) {
        int r = process->selinux ? set_context("self/attr/exec", process->selinux, "", f) : 0;

        return r >= 0 && process->apparmor ? set_profile(process->apparmor, f) : r;
}

int label_next_keyring(const SpecProcess *process, Failure *f) {
        return process->selinux ? set_context("self/attr/keycreate", process->selinux, " of the session keyring", f)
                                : 0;
}
