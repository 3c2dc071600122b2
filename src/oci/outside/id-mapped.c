/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/id-mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "oci/inside/root.h"
#include "oci/outside/sources.h"
#include "sandbox/root/id-mapped.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"

/* Without maps of its own, a mount has those of the container. Returns an fd or -errno. */
static int open_users(const Spec *spec, const SpecMount *m, int joined) {
        const Plan plan = { .inner_uid_map = m->uid_map.n > 0 ? m->uid_map : spec->uid_map,
                            .inner_gid_map = m->gid_map.n > 0 ? m->gid_map : spec->gid_map };
        int fd;

        if (m->uid_map.n > 0 || joined < 0)
                return id_mapped_make_namespace(&plan);
        fd = fcntl(joined, F_DUPFD_CLOEXEC, 0);
        return fd < 0 ? -errno : fd;
}

static int set_map(const Spec *spec, size_t i, int users, int copy, Report *report) {
        const SpecMount *m = &spec->mounts[i];
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) users };

        if (mount_setattr(copy, "", AT_EMPTY_PATH | (m->id_mapped_all ? AT_RECURSIVE : 0), &attr, sizeof(attr)) >= 0)
                return 0;
        return report_error(report, errno, "%s: /mounts/%zu: cannot map the ids of %s: %s%s", spec->file, i, m->source,
                            strerror(errno), errno == EINVAL ? " (not every file system supports it)" : "");
}

static int make_one(const Spec *spec, size_t i, int joined, Report *report) {
        const SpecMount *m = &spec->mounts[i];
        _cleanup_free_ char *path = spec_mount_source(spec, m);
        _cleanup_close_ int users = open_users(spec, m, joined), source = -1, copy = -1;
        struct mount_attr slave = { .propagation = MS_SLAVE };
        struct statvfs fs;
        int r;

        if (!path)
                return report_oom(report);
        if (users < 0)
                return report_error(report, -users, "cannot make a user namespace for the mount of %s: %s", path,
                                    strerror(-users));
        source = sources_open(m, path);
        if (source >= 0 && spec->new_namespaces & CLONE_NEWUSER && fstatvfs(source, &fs) >= 0 &&
            fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC))
                report_notice(report, "%s: /mounts/%zu: a process with CAP_SYS_ADMIN can remove the options ro, "
                              "nosuid, nodev and noexec that %s has on the host", spec->file, i, path);
        copy = source < 0 ? source : mount_copy(source, m->recursive);
        if (copy < 0)
                return report_error(report, -copy, "cannot copy the mount of %s: %s", path, strerror(-copy));
        /* A mount of the container must not appear on the host. */
        if (mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave, sizeof(slave)) < 0)
                return report_error(report, errno, "cannot separate the mount of %s from the host's: %s", path,
                                    strerror(errno));
        r = set_map(spec, i, users, copy, report);
        return r < 0 ? r : TAKE_FD(copy);
}

int mapped_set(const Spec *spec, int users, uint64_t i, int copy, Report *report) {
        _cleanup_close_ int own = -1;

        if (copy < 0 || i >= spec->n_mounts || !spec->mounts[i].id_mapped || !spec->mounts[i].inner_source)
                return report_error(report, EPROTO, "the first process sent an invalid message");
        /* The first process looks it up where root of that user namespace may mount something else. */
        if (spec->joined[SPEC_USER])
                return report_error(report, EOPNOTSUPP, "%s: /mounts/%zu: in a user namespace of others (%s), the ids "
                                    "of a source in the container's root cannot be mapped", spec->file, (size_t) i,
                                    spec->joined[SPEC_USER]);
        own = open_users(spec, &spec->mounts[i], users);
        return own < 0 ? report_error(report, -own, "cannot make a user namespace for the mount of %s: %s",
                                      spec->mounts[i].source, strerror(-own))
                       : set_map(spec, i, own, copy, report);
}

/* The others are copied in the container, with the mounts before them. */
static bool is_made_here(const SpecMount *m) {
        return m->id_mapped && !m->inner_source;
}

int mapped_make(const Spec *spec, int users, int **ret, Report *report) {
        bool wanted = false;
        int *fds, r = 0;

        *ret = NULL;
        for (size_t i = 0; i < spec->n_mounts; i++)
                wanted |= is_made_here(&spec->mounts[i]);
        if (!wanted)
                return 0;
        fds = mount_fds_new(spec);
        if (!fds)
                return report_oom(report);
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                if (is_made_here(&spec->mounts[i]))
                        r = fds[i] = make_one(spec, i, users, report);
        if (r < 0)
                mount_fds_free(spec, fds);
        else
                *ret = fds;
        return r < 0 ? r : 0;
}
