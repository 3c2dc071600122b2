/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "oci/inside/attach.h"
#include "oci/inside/root.h"
#include "oci/inside/walk.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"
#include "util/text.h"

/* A procfs of its own, which nobody else can reach: what is mounted at /proc of the container may be anything
 * (CVE-2019-19921). The kernel makes none for root of a user namespace that does not own the pid namespace. Then it is
 * the caller's, because the root is still the host's, or the one of oci/outside/staged.h. In both, sysctls are those of
 * this process's namespaces. */
static int open_sysctls(Failure *f) {
        MountReason reason = {};
        _cleanup_close_ int proc = mount_make("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                                              &reason);
        struct statfs fs;

        if (proc >= 0)
                return TAKE_FD(proc);
        if (proc != -EPERM)
                return fail(f, -proc, "cannot mount a procfs for sysctls%s", reason.text);
        proc = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (proc < 0 || fstatfs(proc, &fs) < 0)
                return fail(f, errno, "cannot open /proc of the host for sysctls");
        if (fs.f_type != PROC_SUPER_MAGIC)
                return fail(f, EINVAL, "/proc of the host, for sysctls, is not a procfs");
        return TAKE_FD(proc);
}

/* Past nothing that root of a joined user namespace may have mounted there. */
static int write_sysctl(int proc, const char *path, const char *value) {
        const struct open_how how = { .flags = O_WRONLY | O_CLOEXEC,
                                      .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };
        _cleanup_close_ int fd = sys_openat2(proc, path, &how);

        return fd < 0 || write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

static int write_sysctls(const Spec *spec, Failure *f) {
        _cleanup_close_ int proc = -1;
        const char *key;
        json_t *value;

        if (json_object_size(spec->sysctls) == 0)
                return 0;
        proc = open_sysctls(f);
        if (proc < 0)
                return proc;
        json_object_foreach(spec->sysctls, key, value) {
                _cleanup_free_ char *path = format("sys/%s", key);
                int r;

                for (char *c = path; c && *c; c++)
                        *c = *c == '.' ? '/' : *c;
                r = path ? write_sysctl(proc, path, json_string_value(value)) : -ENOMEM;
                if (r < 0)
                        return fail(f, -r, "cannot set the sysctl %s%s", key, r == -EXDEV ? " (something is mounted "
                                    "in the /proc that takes it)" : "");
        }
        return 0;
}

/* The host's /dev/null, checked on the fd that is mounted: in a container, it may be a symlink by then
 * (CVE-2025-31133). */
static int open_null(const Spec *spec, Failure *f) {
        _cleanup_free_ char *path = root_host_device(spec, "/dev/null");
        _cleanup_close_ int fd = path ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
        struct stat st;

        if (!path)
                return fail(f, ENOMEM, "cannot open /dev/null of the host");
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail(f, errno, "cannot open /dev/null of the host");
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                return fail(f, ENODEV, "/dev/null of the host is another file");
        return TAKE_FD(fd);
}

/* The two fds that hide paths. All hidden directories share one in memory. */
typedef struct Lids {
        const Spec *spec;
        int null;  /* /dev/null of the host */
        int empty; /* an empty directory; -1 before the first use */
} Lids;

static void lids_deinit(Lids *lids) {
        fd_close(lids->null);
        fd_close(lids->empty);
}

static int make_lid(const Lids *lids, bool directory, MountReason *reason) {
        if (!directory || lids->empty >= 0)
                return mount_copy(directory ? lids->empty : lids->null, false);
        return attach_make_lid(lids->spec->mount_label, reason);
}

/* A path that is there twice, or below a symlink to one that is hidden. */
static bool is_hidden(const Lids *lids, const struct stat *place) {
        struct stat st;

        return fstat(S_ISDIR(place->st_mode) ? lids->empty : lids->null, &st) >= 0 && st.st_dev == place->st_dev &&
               st.st_ino == place->st_ino;
}

static int mask(const char *path, int root, Lids *lids, Failure *f) {
        _cleanup_close_ int place = walk(root, path, WALK_FIND, true), lid = -1;
        MountReason reason = {};
        struct stat st;
        int r;

        if (place == -ENOENT || place == -ENOTDIR)
                return 0;
        if (place < 0 || fstat(place, &st) < 0)
                return fail(f, place < 0 ? -place : errno, "cannot hide %s", path);
        if (is_hidden(lids, &st))
                return 0;
        lid = make_lid(lids, S_ISDIR(st.st_mode), &reason);
        r = lid < 0 ? lid : attach_in(lids->spec, lid, place);
        if (r < 0)
                return fail(f, -r, "cannot hide %s%s%s", path, reason.text, attach_hint(r));
        if (S_ISDIR(st.st_mode) && lids->empty < 0)
                lids->empty = TAKE_FD(lid);
        return 0;
}

static int cover(const Spec *spec, const char *path, int root, uint64_t attribute, Failure *f) {
        struct mount_attr attr = { .attr_set = attribute };
        _cleanup_close_ int place = walk(root, path, WALK_FIND, true), copy = -1;
        int r;

        if (place == -ENOENT || place == -ENOTDIR)
                return 0;
        copy = place < 0 ? place : mount_copy(place, true);
        r = copy < 0 ? copy : 0;
        if (r >= 0 && mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                r = -errno;
        if (r >= 0)
                r = attach_in(spec, copy, place);
        if (r >= 0)
                return 0;
        return fail(f, -r, "cannot make %s %s%s", path, attribute & MOUNT_ATTR_RDONLY ? "read-only" : "noexec",
                    attach_hint(r));
}

static int cover_all(const Spec *spec, char *const *paths, int root, uint64_t attribute, Failure *f) {
        int r = 0;

        for (; r >= 0 && paths && *paths; paths++)
                r = cover(spec, *paths, root, attribute, f);
        return r;
}

static int cannot_protect(const SpecPolicyLine *line, const char *path, const char *why, Failure *f) {
        return fail(f, EOPNOTSUPP, "%s:%u: ReadOnlyPaths=: %s %s", line->origin.file ?: "the policy", line->origin.line,
                    path, why);
}

/* The kernel does not rename a mount point. */
static int pin(const Spec *spec, const char *path, int root, Failure *f) {
        _cleanup_close_ int place = open_in(root, path, O_DIRECTORY, 0), copy = -1;
        struct statx st;
        int r;

        if (place < 0 || statx(place, "", AT_EMPTY_PATH, 0, &st) < 0)
                return fail(f, place < 0 ? -place : errno, "cannot open /%s", path);
        if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT || !is_writable(place))
                return 0;
        copy = mount_copy(place, true);
        r = copy < 0 ? copy : attach_in(spec, copy, place);
        return r < 0 ? fail(f, -r, "cannot make a mount of /%s%s", path, attach_hint(r)) : 0;
}

/* A path of ReadOnlyPaths= of the policy. The container must not put another file there: neither by renaming a
 * directory above it, nor by replacing a symlink, nor by making what does not exist. */
static int keep(const Spec *spec, const SpecPolicyLine *line, const char *path, int root, Failure *f) {
        _cleanup_free_ char *whole = NULL;
        bool replaceable;
        _cleanup_close_ int place = walk_whole(root, path, &whole, &replaceable), nearest = -1;
        int r = 0;

        if (!whole)
                return fail(f, -place, "cannot make %s read-only", path);
        if (place == -ENOENT || place == -ENOTDIR) {
                nearest = line->optional ? -1 : open_in(root, whole, 0, 0);
                if (line->optional || (nearest >= 0 && !is_writable(nearest) && !replaceable))
                        return 0;
                return cannot_protect(line, path, "does not exist, so the container could make it (make it first, or "
                                      "write a \"-\" before the path to ignore that)", f);
        }
        if (replaceable)
                return cannot_protect(line, path, "leads through a symlink that the container could replace (name the "
                                      "path that it leads to)", f);
        for (char *slash = strchr(whole, '/'); r >= 0 && slash; slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *above = strndup(whole, (size_t) (slash - whole));

                r = above ? pin(spec, above, root, f) : fail(f, ENOMEM, "cannot make %s read-only", path);
        }
        return r < 0 ? r : cover(spec, whole, root, MOUNT_ATTR_RDONLY, f);
}

/* A read-only root is that from now on, so that nothing in it counts as writable. */
static int keep_all(const Spec *spec, int root, Failure *f) {
        const SpecPolicy *policy = spec->policy;
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        int r = 0;

        if (!policy || policy->n_lines == 0)
                return 0;
        if (spec->root_read_only && mount_setattr(root, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return fail(f, errno, "cannot make the root read-only");
        for (size_t i = 0; r >= 0 && i < policy->n_lines; i++)
                r = keep(spec, &policy->lines[i], policy->read_only[i], root, f);
        return r;
}

static int mask_all(char *const *paths, int root, Lids *lids, Failure *f) {
        int r = 0;

        for (; r >= 0 && paths && *paths; paths++)
                r = mask(*paths, root, lids, f);
        return r;
}

static int protect_filled(const SpecMount *m, int root, Failure *f) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        _cleanup_close_ int place = walk(root, m->destination, WALK_FIND, true);
        int r = place < 0 ? place : mount_setattr(place, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;

        return r < 0 ? fail(f, -r, "cannot make %s read-only", m->destination) : 0;
}

int root_protect(const Spec *spec, int root, Failure *f) {
        _cleanup_(lids_deinit) Lids lids = { spec, open_null(spec, f), -1 };
        const SpecPolicy *policy = spec->policy ?: &(SpecPolicy) {};
        int r = lids.null < 0 ? lids.null : write_sysctls(spec, f);

        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                if (mount_is_filled_later(&spec->mounts[i]))
                        r = protect_filled(&spec->mounts[i], root, f);
        if (r >= 0)
                r = cover_all(spec, spec->read_only, root, MOUNT_ATTR_RDONLY, f);
        if (r >= 0)
                r = keep_all(spec, root, f);
        if (r >= 0)
                r = cover_all(spec, policy->no_exec, root, MOUNT_ATTR_NOEXEC, f);
        if (r >= 0)
                r = mask_all(spec->masked, root, &lids, f);
        return r < 0 ? r : mask_all(policy->masked, root, &lids, f);
}
