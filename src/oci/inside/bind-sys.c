/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/bind-sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "oci/inside/attach.h"
#include "util/fd.h"
#include "util/mount-table.h"
#include "util/open-in.h"

static bool may_mount(const Spec *spec) {
        const uint64_t kept = spec->policy ? spec->policy->capabilities : UINT64_MAX;

        return spec->process.bounding & kept & UINT64_C(1) << CAP_SYS_ADMIN;
}

/* What the copy shows must be the container's network, and what covers mounts must stay. */
static const char *why_not(const Spec *spec, const SpecMount *m) {
        if (spec->new_namespaces & CLONE_NEWNET || spec->joined[SPEC_NETWORK])
                return "the network namespace does not belong to the user namespace";
        if (!(m->set & MOUNT_ATTR_RDONLY))
                return "with the caller's network, it needs the option ro";
        if (m->data)
                return "with the caller's network, it takes no options of sysfs";
        if (spec->joined[SPEC_USER])
                return "with the caller's network, root of the joined user namespace could reach the host's cgroups";
        if (may_mount(spec))
                return "with the caller's network and CAP_SYS_ADMIN, the container could reach the host's cgroups";
        return NULL;
}

int bind_sys(const Spec *spec, const SpecMount *m, Failure *f) {
        const uint64_t set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        struct mount_attr attr = { .attr_set = set, .propagation = MS_PRIVATE };
        const char *reason = why_not(spec, m);
        _cleanup_close_ int sys = -1, copy = -1;
        struct statfs fs;

        if (reason)
                return fail(f, EPERM, "cannot mount %s of type sysfs (%s)", m->destination, reason);
        sys = open("/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sys < 0 || fstatfs(sys, &fs) < 0)
                return fail(f, errno, "cannot open /sys of the host");
        if (fs.f_type != SYSFS_MAGIC)
                return fail(f, ENODEV, "cannot mount %s: /sys of the host is not a sysfs", m->destination);
        copy = mount_copy(sys, true);
        if (copy < 0)
                return fail(f, -copy, "cannot copy the mount of /sys for %s", m->destination);
        if (mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return fail(f, errno, "cannot make the copy of /sys for %s read-only", m->destination);
        return TAKE_FD(copy);
}

/* place: below the copy. What is there belongs to the host, so a symlink is not expected. */
static int cover(int mount_fd, const char *place, const char *label) {
        _cleanup_close_ int fd = open_in(mount_fd, place, 0, 0), lid = -1;
        MountReason reason = {};

        if (fd < 0)
                return fd;
        lid = attach_make_lid(label, &reason);
        return lid < 0 ? lid : mount_attach(lid, fd);
}

int bind_sys_cover(const Spec *spec, int mount_fd, Failure *f) {
        _cleanup_(mount_table_deinit) MountTable table = {};
        const MountEntry *copy = NULL;
        unsigned id;
        int r = attach_mount_id(mount_fd, &id);

        if (r >= 0)
                r = mount_table_read("/proc/self/mountinfo", &table);
        if (r >= 0)
                copy = mount_table_get(&table, id);
        if (!copy)
                return fail(f, r < 0 ? -r : ESTALE, "cannot find the mounts below /sys");
        for (size_t i = 0; i < table.n; i++) {
                const MountEntry *e = &table.items[i];

                if (e->parent != id)
                        continue;
                r = cover(mount_fd, e->path + strlen(copy->path) + 1, spec->mount_label);
                if (r < 0)
                        return fail(f, -r, "cannot cover %s", e->path);
        }
        return 0;
}
