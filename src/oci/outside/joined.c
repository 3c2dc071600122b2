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

/* Root of a user namespace may make others in it, with maps that it chooses, and move a process whose path is known to
 * isorun-oci there. So the parent must be the namespace of the caller, who then knows the map. */
static int check_parent(const Spec *spec, int fd, Report *report) {
        const char *path = spec->joined[SPEC_USER];
        _cleanup_close_ int parent = ioctl(fd, NS_GET_PARENT); /* EPERM: it is outside of the caller's */
        int r = parent >= 0 ? is_own(SPEC_USER, parent, report) : errno == EPERM ? 0 :
                report_error(report, errno, "cannot find the parent of %s: %s", path, strerror(errno));

        if (r != 0)
                return r < 0 ? r : 0;
        return report_error(report, EINVAL, "%s: /linux/namespaces: %s was made in another user namespace than that of "
                            "isorun-oci, where somebody may have chosen its ids", spec->file, path);
}

/* A sysctl or name of the host's own namespace would change the host, and so would a new name for its device. In its
 * own user namespace, the kernel lets no process become root again. */
static int check_owner(const Spec *spec, size_t i, int fd, Report *report) {
        const bool sysctls = json_object_size(spec->sysctls) > 0;
        const bool names = i == SPEC_UTS && (spec->host_name || spec->domain_name);
        const bool devices = i == SPEC_NETWORK && spec->n_net_devices > 0;
        int r;

        if (i != SPEC_USER && !sysctls && !names && !devices)
                return 0;
        r = is_own(i, fd, report);
        if (r == 0 && i == SPEC_USER)
                return check_parent(spec, fd, report);
        if (r <= 0)
                return r;
        if (i == SPEC_USER)
                return report_error(report, EINVAL, "%s: /linux/namespaces: %s is the user namespace of isorun-oci "
                                    "itself: leave this entry out", spec->file, spec->joined[i]);
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
        r = check_owner(spec, i, fd, report);
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

static int cannot_join(const Spec *spec, size_t i, Report *report) {
        return report_error(report, errno, "cannot join the namespace %s: %s", spec->joined[i], strerror(errno));
}

/* later: those that this process may not join yet stay open. */
static int join_others(const Spec *spec, int *fds, bool later, Report *report) {
        for (size_t i = 0; i < SPEC_NAMESPACES; i++) {
                if (i == SPEC_USER || fds[i] < 0)
                        continue;
                if (setns(fds[i], (int) spec_namespaces[i].flag) >= 0)
                        fds[i] = fd_close(fds[i]);
                else if (!later || errno != EPERM)
                        return cannot_join(spec, i, report);
        }
        return 0;
}

int joined_drop_groups(const Spec *spec) {
        return spec->keep_groups || sys_setgroups(0, NULL) >= 0 || errno == EPERM ? 0 : -errno;
}

/* setns(2) may make this process dumpable. */
static int join_users(const Spec *spec, int *fds, Report *report) {
        int r = joined_drop_groups(spec);

        if (r < 0)
                return report_error(report, -r, "cannot drop the caller's groups: %s", strerror(-r));
        if (setns(fds[SPEC_USER], CLONE_NEWUSER) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return cannot_join(spec, SPEC_USER, report);
        fds[SPEC_USER] = fd_close(fds[SPEC_USER]);
        return 0;
}

/* What root of the host has made, only root may join, and what root of a user namespace has made, a user only there: so
 * the user namespace is in the middle. Then this process has no rights outside of it, where the others that it has
 * joined may be. */
int joined_enter(const Spec *spec, int fds[static SPEC_NAMESPACES], Report *report) {
        const bool users = fds[SPEC_USER] >= 0;
        int r = join_others(spec, fds, users, report);
        if (r >= 0 && users)
                r = join_users(spec, fds, report);
        return r >= 0 && users ? join_others(spec, fds, false, report) : r;
}

static bool has_entry(const IdMap *map, const IdMapEntry *e) {
        for (size_t i = 0; i < map->n; i++)
                if (map->items[i].inside == e->inside && map->items[i].outside == e->outside &&
                    map->items[i].count == e->count)
                        return true;
        return false;
}

/* The kernel sorts maps with many entries. */
static bool is_same(const IdMap *a, const IdMap *b) {
        for (size_t i = 0; i < a->n; i++)
                if (!has_entry(b, &a->items[i]))
                        return false;
        return a->n == b->n;
}

/* The file has the ids outside as the parent sees them, which is the caller's namespace, and so has config.json. */
static int check_map(const Spec *spec, const char *file, const char *key, const IdMap *map, Report *report) {
        _cleanup_free_ char *path = format("/proc/self/%s", file), *text = NULL, *found = NULL;
        _cleanup_(id_map_deinit) IdMap real = {};
        int r;

        r = path ? file_read(AT_FDCWD, path, &text, NULL) : -ENOMEM;
        if (r >= 0)
                r = id_map_parse(text, &real);
        if (r < 0)
                return report_error(report, -r, "cannot read the %s of %s: %s", file, spec->joined[SPEC_USER],
                                    strerror(-r));
        if (is_same(map, &real))
                return 0;
        found = id_map_format(&real, ", ");
        return found ? report_error(report, EINVAL, "%s: /linux/%s is not the map of %s, which is \"%s\": leave it "
                                    "out", spec->file, key, spec->joined[SPEC_USER], found) : report_oom(report);
}

int joined_check_maps(const Spec *spec, Report *report) {
        int r;

        if (spec->uid_map.n == 0)
                return 0;
        r = check_map(spec, "uid_map", "uidMappings", &spec->uid_map, report);
        return r < 0 ? r : check_map(spec, "gid_map", "gidMappings", &spec->gid_map, report);
}
