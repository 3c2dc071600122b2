/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/text.h"

/* /proc/self/mountinfo when the mounts were shared as on the host; NULL: no mount is to stay shared. */
static char *of_host;

int attach_begin(const Spec *spec) {
        return spec_shares_mounts(spec) ? file_read(AT_FDCWD, "/proc/self/mountinfo", &of_host, NULL) : 0;
}

/* The peer group that a line of proc_pid_mountinfo(5) has: 0 is none. Optional fields such as "shared:N" are before
 * " - ". Spaces in paths are escaped. */
static unsigned long peer_group(const char *line, const char *end) {
        const char *field = strstr(line, " shared:"), *last = strstr(line, " - ");

        return field && field < end && last && field < last ? strtoul(field + strlen(" shared:"), NULL, 10) : 0;
}

static bool host_has(unsigned long group) {
        for (const char *line = of_host ?: "", *end; *line; line = *end ? end + 1 : end) {
                end = strchrnul(line, '\n');
                if (peer_group(line, end) == group)
                        return true;
        }
        return false;
}

int attach_mount_id(int fd, unsigned *ret) {
        struct statx st;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
                return -errno;
        if (!(st.stx_mask & STATX_MNT_ID))
                return -EOPNOTSUPP;
        *ret = (unsigned) st.stx_mnt_id;
        return 0;
}

int attach_make_lid(const char *label, MountReason *reason) {
        return mount_make_labelled("tmpfs", "size=0,mode=555", label, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                                   MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, reason);
}

int attach_is_shared(int place) {
        _cleanup_free_ char *text = NULL;
        unsigned id;
        int r = attach_mount_id(place, &id);

        if (r >= 0)
                r = file_read(AT_FDCWD, "/proc/self/mountinfo", &text, NULL);
        if (r < 0)
                return r;
        for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
                end = strchrnul(line, '\n');
                if (strtoull(line, NULL, 10) == id) {
                        const unsigned long group = peer_group(line, end);

                        return group && host_has(group);
                }
        }
        return -ESTALE;
}

/* A volume, or a symlink of the image, can lead into such a mount. */
int attach_in(const Spec *spec, int mount_fd, int place) {
        int r = spec_shares_mounts(spec) ? attach_is_shared(place) : 0;

        return r < 0 ? r : r > 0 ? -EXDEV : mount_attach(mount_fd, place);
}

const char *attach_hint(int error) {
        return error == -EXDEV ? " (it is in a mount that is shared with the host, and would appear there, too)" : "";
}
