/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/staged.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "oci/inside/attach.h"
#include "oci/inside/bind-sys.h"
#include "oci/inside/layers.h"
#include "oci/inside/root.h"
#include "oci/inside/walk.h"
#include "oci/outside/sources.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/mount-table.h"
#include "util/path.h"
#include "util/text.h"

enum {
        SAFE = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
        LOCKED = SAFE | MOUNT_ATTR_RDONLY, /* what may be set early: it only takes away */
};

/* The tmpfs that is being filled. */
typedef struct Stage {
        const Spec *spec;
        const int *mapped; /* detached mounts that map ids, or NULL */
        int top;
        Report *report;
} Stage;

/* Reports -r if it is an error. Returns 0 or r. */
static int done(const Stage *s, int r, const char *what, const char *name) {
        return r < 0 ? report_error(s->report, -r, "cannot %s%s: %s", what, name, strerror(-r)) : 0;
}

static int put(const Stage *s, int mount_fd, const char *place) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (fstat(mount_fd, &st) < 0)
                return -errno;
        fd = walk(s->top, place, S_ISDIR(st.st_mode) ? WALK_MAKE_DIRECTORY : WALK_MAKE_FILE, false);
        return fd < 0 ? fd : mount_attach(mount_fd, fd);
}

static int set(int mount_fd, uint64_t attributes, bool private, bool all) {
        struct mount_attr attr = { .attr_set = attributes, .propagation = private ? MS_PRIVATE : 0 };

        return mount_setattr(mount_fd, "", AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0), &attr, sizeof(attr)) < 0 ? -errno
                                                                                                              : 0;
}

/* Whether later mounts of the host are not to appear. A copy of an unbindable mount could not be made. */
static bool is_private(unsigned long propagation) {
        return propagation && !(propagation & (MS_SLAVE | MS_SHARED));
}

/* What is set here, the kernel locks in the copy of the first process. This is also so with ro of a remount, although
 * no mount point can be made there then. */
static int set_options(const SpecMount *m, int copy) {
        const bool private = is_private(m->propagation);
        int r = set(copy, m->set & LOCKED, private && !m->propagation_of_all, false);

        return r < 0 ? r : set(copy, m->all_set & LOCKED, private && m->propagation_of_all, true);
}

static int copy_source(const Stage *s, size_t i) {
        const SpecMount *m = &s->spec->mounts[i];
        _cleanup_free_ char *path = spec_mount_source(s->spec, m);
        _cleanup_close_ int fd = -1, copy = -1;
        int r;

        if (!path)
                return report_oom(s->report);
        r = fd = sources_open(m, path);
        if (r < 0)
                return report_error(s->report, -r, "cannot open %s, the source of %s: %s", path, m->destination,
                                    strerror(-r));
        r = copy = mount_copy(fd, m->recursive);
        return r < 0 ? report_error(s->report, -r, "cannot copy the mount of %s for %s: %s", path, m->destination,
                                    strerror(-r)) : TAKE_FD(copy);
}

static bool is_mapped(const Stage *s, size_t i) {
        return s->mapped && s->mapped[i] >= 0;
}

/* This comes before the tmpfs is attached: a copy of a directory above the root would have the tmpfs in it. */
static int copy_sources(const Stage *s, int *ret) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->spec->n_mounts; i++) {
                const SpecMount *m = &s->spec->mounts[i];

                if (!m->type && !m->remount && !m->inner_source && !is_mapped(s, i))
                        r = ret[i] = copy_source(s, i);
        }
        return r < 0 ? r : 0;
}

static int put_source(const Stage *s, size_t i, int copy) {
        _cleanup_free_ char *place = format(ROOT_STAGED_SOURCE, i);
        int r = place ? set_options(&s->spec->mounts[i], copy) : -ENOMEM;

        if (r >= 0)
                r = put(s, copy, place);
        return done(s, r, "keep the mount for ", s->spec->mounts[i].destination);
}

/* The directories of an overlay that are being put. */
typedef struct Overlay {
        const Stage *stage;
        size_t i, n;  /* the index of the mount; so many directories are there */
        size_t upper; /* the number of the parent */
        char *parent; /* of upperdir and workdir, which must be in one mount; NULL: none is there yet */
        char *names[2]; /* of these */
} Overlay;

static void overlay_deinit(Overlay *o) {
        free(o->parent);
        free(o->names[0]);
        free(o->names[1]);
}

/* An overlay writes to no lower layer, and in a user namespace it gives nobody a device. */
static int put_directory(Overlay *o, const char *path, bool lower) {
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), copy = -1;
        _cleanup_free_ char *place = format(ROOT_STAGED_LAYER, o->i, o->n);
        int r = copy = fd < 0 ? -errno : mount_copy(fd, false);

        if (r >= 0)
                r = set(copy, lower ? LOCKED : SAFE, true, false);
        if (r >= 0)
                r = place ? put(o->stage, copy, place) : -ENOMEM;
        if (r >= 0)
                o->n++;
        return r;
}

static int note_name(Overlay *o, const char *name) {
        char **place = &o->names[o->names[0] ? 1 : 0];

        free(*place);
        *place = strdup(name);
        return *place ? 0 : -ENOMEM;
}

/* A mount of the host over the directory would be missing in the copy of its parent. */
static int check_beside(const char *path, const char *parent) {
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                            above = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        unsigned a, b;
        int r = fd < 0 || above < 0 ? -errno : attach_mount_id(fd, &a);

        if (r >= 0)
                r = attach_mount_id(above, &b);
        return r < 0 ? r : a == b ? 0 : -EXDEV;
}

/* Root of the user namespace sees all that is in the parent, as it has been copied, and could exchange the two if it
 * may write there. Returns 0, -ENOTEMPTY: there is more than the two, -EPERM: others may write, or another -errno. */
static int check_parent(const Overlay *o) {
        _cleanup_free_ char *place = format(ROOT_STAGED_LAYER, o->i, o->upper);
        _cleanup_close_ int parent = place ? walk(o->stage->top, place, WALK_FIND, false) : -ENOMEM;
        const int fd = parent < 0 ? parent : openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = fd < 0 ? NULL : fdopendir(fd);
        struct stat st;
        int r = parent < 0 ? parent : entries && fstat(fd, &st) >= 0 ? 0 : -errno;

        if (r >= 0 && (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH)))
                r = -EPERM;
        for (struct dirent *e; r >= 0 && (errno = 0, e = readdir(entries));)
                if (!streq(e->d_name, ".") && !streq(e->d_name, "..") && !streq(e->d_name, o->names[0]) &&
                    !(o->names[1] && streq(e->d_name, o->names[1])))
                        r = -ENOTEMPTY;
        if (r >= 0 && errno)
                r = -errno;
        if (entries)
                closedir(entries);
        else if (fd >= 0)
                close(fd);
        return r;
}

static int put_layer(void *data, const char *key, const char *path, Text *text) {
        Overlay *o = data;
        const bool lower = !streq(key, "upperdir") && !streq(key, "workdir");
        _cleanup_free_ char *parent = lower ? NULL : path_parent(path), *place = NULL;
        const char *name = path_name(path);
        int r = 0;

        if (!lower && (!path_is_safe(path) || !*name || strpbrk(name, "\\:,")))
                return -EINVAL;
        if (!lower)
                r = !parent ? -ENOMEM : o->parent && !streq(parent, o->parent) ? -EXDEV : check_beside(path, parent);
        if (r >= 0 && (lower || !o->parent))
                r = put_directory(o, lower ? path : parent, lower);
        if (r < 0)
                return r;
        if (!lower && note_name(o, name) < 0)
                return -ENOMEM;
        if (!lower && !o->parent) {
                o->parent = TAKE_PTR(parent);
                o->upper = o->n - 1;
        }
        place = lower ? format(ROOT_STAGED_LAYER, o->i, o->n - 1)
                      : format(ROOT_STAGED_LAYER "/%s", o->i, o->upper, name);
        if (!place)
                return -ENOMEM;
        text_add(text, place);
        return 0;
}

static int overlay_failed(const Overlay *o, int r) {
        return report_error(o->stage->report, -r, "cannot copy directory %zu of the overlay for %s: %s%s", o->n + 1,
                            o->stage->spec->mounts[o->i].destination, strerror(-r), r == -EXDEV || r == -ENOTEMPTY ||
                            r == -EPERM ? " (in a user namespace of others, upperdir and workdir must be in one "
                            "directory and mount, with nothing beside them, where only the caller may write)" : "");
}

/* The child of this process finds the new options. */
static int put_overlay(const Stage *s, size_t i) {
        SpecMount *m = &s->spec->mounts[i];
        _cleanup_(overlay_deinit) Overlay o = { .stage = s, .i = i };
        char *options = NULL;
        int r = m->data ? layers_replace(m->data, put_layer, &o, &options) : 0;

        if (r < 0)
                return overlay_failed(&o, r);
        if (options) {
                free(m->data);
                m->data = options;
        }
        if (o.parent && (r = check_parent(&o)) < 0) {
                o.n = o.upper;
                return overlay_failed(&o, r);
        }
        return 0;
}

static int put_sources(const Stage *s, const int *copies) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->spec->n_mounts; i++) {
                const SpecMount *m = &s->spec->mounts[i];

                if (copies[i] >= 0 || is_mapped(s, i))
                        r = put_source(s, i, copies[i] >= 0 ? copies[i] : s->mapped[i]);
                else if (m->type && streq(m->type, "overlay"))
                        r = put_overlay(s, i);
        }
        return r;
}

/* One that the host does not have may be in the image: it is an error only where it is needed. */
static int put_device(const Stage *s, const SpecDevice *d) {
        _cleanup_free_ char *place = format(ROOT_STAGED_DEVICES "%s", d->path);
        _cleanup_close_ int fd = open(d->path, O_PATH | O_NOFOLLOW | O_CLOEXEC), copy = -1;
        struct stat st;
        int r;

        if (!place)
                return report_oom(s->report);
        /* A FIFO is made anew: that of the host is another one. */
        if (fd < 0 || fstat(fd, &st) < 0 || !device_is(&st, d) || S_ISFIFO(st.st_mode))
                return 0;
        r = copy = mount_copy(fd, false);
        if (r >= 0)
                r = set(copy, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, true, false);
        if (r >= 0)
                r = put(s, copy, place);
        return done(s, r, "copy the host's ", d->path);
}

/* /dev/null also hides paths. */
static int put_devices(const Stage *s) {
        const Spec *spec = s->spec;
        int r = 0;

        if (spec_has_own_devices(spec))
                return put_device(s, &spec_default_devices[0]);
        for (size_t i = 0; r >= 0 && i < SPEC_DEFAULT_DEVICES; i++)
                r = put_device(s, &spec_default_devices[i]);
        for (size_t i = 0; r >= 0 && i < spec->n_devices; i++)
                r = put_device(s, &spec->devices[i]);
        return r;
}

static bool mounts_type(const Spec *spec, const char *type) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (spec->mounts[i].type && streq(spec->mounts[i].type, type))
                        return true;
        return false;
}

/* With the mounts below. Root of an engine's user namespace can make no other one. */
static int put_copy(const Stage *s, const char *path, long type, uint64_t attributes, int *ret) {
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), copy = -1;
        struct statfs fs;
        int r = fd < 0 || fstatfs(fd, &fs) < 0 ? -errno : fs.f_type == type ? 0 : -ENODEV;

        if (r >= 0)
                r = copy = mount_copy(fd, true);
        if (r >= 0)
                r = set(copy, 0, true, true);
        if (r >= 0)
                r = set(copy, attributes, false, false);
        if (r >= 0)
                r = put(s, copy, path);
        if (r >= 0)
                *ret = TAKE_FD(copy);
        return r;
}

/* The kernel also mounts a whole procfs where one with only processes is visible, but not if a part is covered. */
static int cover_part(int proc) {
        MountReason reason = {};
        _cleanup_close_ int part = openat(proc, "1", O_PATH | O_DIRECTORY | O_CLOEXEC),
                            lid = part < 0 ? -errno : attach_make_lid(NULL, &reason);

        return lid < 0 ? lid : mount_attach(lid, part);
}

/* The first process writes to files of its own there, and the kernel lets it mount a procfs only where another one is
 * visible. Otherwise, it has only the directories of processes. This one shows nobody a process that they may not
 * trace; the engine's is the caller's. */
static int put_proc(const Stage *s) {
        const bool whole = mounts_type(s->spec, "proc") || json_object_size(s->spec->sysctls) > 0;
        MountReason reason = {};
        _cleanup_close_ int proc = mount_make("proc", whole ? "hidepid=ptraceable" : "hidepid=ptraceable,subset=pid",
                                              SAFE, &reason);
        int r = proc == -EPERM ? put_copy(s, "/proc", PROC_SUPER_MAGIC, SAFE, &proc) : proc < 0 ? proc
                               : put(s, proc, "/proc");

        if (r >= 0 && !whole)
                r = cover_part(proc);
        return done(s, r, "copy the mount of ", "/proc");
}

static int copy_sys(const Stage *s, unsigned attributes) {
        _cleanup_close_ int copy = -1;
        Failure f = {};
        int r = put_copy(s, "/sys", SYSFS_MAGIC, attributes, &copy);

        if (r < 0)
                return done(s, r, "copy the mount of ", "/sys");
        r = bind_sys_cover(s->spec, copy, &f);
        return r < 0 ? report_error(s->report, f.message.value, "%s", f.message.text) : 0;
}

/* Of the sysfs, if config.json has one; otherwise 0. The kernel lets nobody mount a writable one
 * where only a read-only one is visible. */
static unsigned sys_attributes(const Spec *spec) {
        unsigned attributes = 0;

        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];

                if (!m->type || !streq(m->type, "sysfs"))
                        continue;
                if (!(m->set & ~m->late & MOUNT_ATTR_RDONLY))
                        return SAFE;
                attributes = LOCKED;
        }
        return attributes;
}

/* As for proc. Without the mounts below, such as the host's cgroups: the kernel takes a sysfs for visible all the same,
 * since their places are always empty. It shows the caller's network. */
static int put_sys(const Stage *s) {
        const unsigned attributes = sys_attributes(s->spec);
        MountReason reason = {};
        _cleanup_close_ int sys = -1;
        int r;

        if (!attributes)
                return 0;
        sys = mount_make("sysfs", NULL, attributes, &reason);
        if (sys == -EPERM)
                return copy_sys(s, attributes);
        r = sys < 0 ? sys : put(s, sys, "/sys");
        return done(s, r, "mount a sysfs", "");
}

/* The place of the root is a directory where the tmpfs can be attached: nothing else is looked up below it. */
static int put_root(Stage *s) {
        const char *path = s->spec->root;
        MountReason reason = {};
        _cleanup_close_ int place = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), root = -1;
        int r;

        if (place < 0)
                return done(s, -errno, "open the root ", path);
        r = root = mount_copy(place, true);
        if (r >= 0)
                r = set(root, 0, is_private(s->spec->propagation), s->spec->propagation & MS_REC);
        if (r >= 0)
                r = s->top = mount_make("tmpfs", "mode=755", SAFE, &reason);
        if (r >= 0)
                r = mount_attach(s->top, place);
        if (r >= 0)
                r = put(s, root, ROOT_STAGED);
        return done(s, r, "copy the mount of the root ", path);
}

static int fill(Stage *s) {
        int *copies = mount_fds_new(s->spec), r = copies ? copy_sources(s, copies) : report_oom(s->report);

        if (r >= 0)
                r = put_root(s);
        if (r >= 0)
                r = put_sources(s, copies);
        mount_fds_free(s->spec, copies);
        if (r >= 0)
                r = put_devices(s);
        if (r >= 0)
                r = put_proc(s);
        if (r >= 0)
                r = put_sys(s);
        if (r >= 0)
                r = done(s, set(s->top, MOUNT_ATTR_RDONLY, false, false), "write-protect a tmpfs", "");
        return r;
}

/* From a directory, one comes to its parent. The others are files, sockets and namespaces; those of mounts that map
 * ids are copied by now. */
static int close_directories(const Stage *s, int cgroup) {
        DIR *fds = opendir("/proc/self/fd");
        int r = fds ? 0 : -errno;

        for (struct dirent *e; r >= 0 && (errno = 0, e = readdir(fds));) {
                const int fd = atoi(e->d_name);
                struct stat st;

                if (*e->d_name == '.' || fd == dirfd(fds) || fd == cgroup || fd == s->top)
                        continue;
                if (fstat(fd, &st) < 0)
                        r = -errno;
                else if (S_ISDIR(st.st_mode))
                        close(fd);
        }
        r = r >= 0 && errno ? -errno : r;
        if (fds)
                closedir(fds);
        return done(s, r, "close the fds of directories", "");
}

/* Finds a mount that this process has not made. Returns its path, or NULL if there is none. table is of the namespace
 * whose root this process is in. */
static const char *find_other(const MountTable *table, unsigned top) {
        static const char *const places[] = { ROOT_STAGED, "/sources", "/o", ROOT_STAGED_DEVICES, "/proc", "/sys" };

        for (size_t i = 0; i < table->n; i++) {
                const MountEntry *e = &table->items[i];
                bool own = e->id == top;

                for (size_t j = 0; !own && j < ELEMENTSOF(places); j++)
                        own = path_is_at_or_below(e->path, places[j]);
                if (!own)
                        return e->path;
        }
        return mount_table_get(table, top) ? NULL : "/";
}

/* A mount of the host that has stayed would be open to root of the user namespace: so this is not taken for granted. */
static int check_mounts(const Stage *s) {
        MountTable table = {};
        const char *other;
        unsigned top = 0;
        int r = attach_mount_id(s->top, &top);

        if (r >= 0)
                r = mount_table_read("/proc/self/mountinfo", &table);
        if (r < 0)
                return done(s, r, "look for mounts of the host that have stayed", "");
        other = find_other(&table, top);
        r = other ? report_error(s->report, EBUSY, "%s of the host is still mounted, where root of the user namespace "
                                 "%s could reach it", other, s->spec->joined[SPEC_USER]) : 0;
        mount_table_deinit(&table);
        return r;
}

/* pivot_root(2) exchanges the caller's root alone, and a process that has entered the namespace is in its root: after a
 * chroot(2), that is another one. setns(2) leads there. */
static int leave_host(const Stage *s) {
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

        if (own >= 0 && setns(own, CLONE_NEWNS) >= 0 && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) >= 0 &&
            fchdir(s->top) >= 0 && sys_pivot_root(".", ".") >= 0 && umount2(".", MNT_DETACH) >= 0 &&
            setns(own, CLONE_NEWNS) >= 0)
                return check_mounts(s);
        return report_error(s->report, errno, "cannot leave the host's root: %s%s", strerror(errno),
                            errno == EINVAL ? " (pivot_root(2) refuses a root in memory, of an initrd, or under a "
                                              "mount)" : "");
}

/* From the fd of a mount of its own, no process comes to the parent. */
static int detach_cgroup(int *cgroup) {
        int copy;

        if (*cgroup < 0)
                return 0;
        copy = root_copy_cgroup(*cgroup);
        if (copy < 0)
                return copy;
        *cgroup = copy;
        return 0;
}

static int begin(const Stage *s, int *cgroup) {
        int r = detach_cgroup(cgroup); /* it is a file of the caller's mount namespace */

        if (r >= 0 && unshare(CLONE_NEWNS) < 0)
                r = -errno;
        if (r >= 0 && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
                r = -errno;
        if (r != -EPERM)
                return done(s, r, "make a mount namespace", "");
        return report_error(s->report, EPERM, "%s: /linux/namespaces: to join %s, isorun-oci must leave the host's "
                            "files before, and only root of the host or of an engine's user namespace may do that: "
                            "otherwise, root in the namespace could reach them", s->spec->file,
                            s->spec->joined[SPEC_USER]);
}

/* Few containers come here. The copy of isorun-oci in memory is to be small, so this is not made for speed. */
int staged_enter(const Spec *spec, const int *mapped, int *cgroup, Report *report) {
        Stage s = { spec, mapped, -1, report };
        const mode_t mask = umask(022);
        int r = begin(&s, cgroup);

        if (r >= 0)
                r = fill(&s);
        umask(mask);
        if (r >= 0)
                r = close_directories(&s, *cgroup);
        if (r >= 0)
                r = leave_host(&s);
        fd_close(s.top);
        return r;
}

/* Whether the uid is mapped in the user namespace that this process has joined. The file has the ids outside as the
 * parent sees them, which is the caller's: oci/outside/joined.h. An id that is not mapped shows as the overflow id, but
 * that may also be one that is: user_namespaces(7). */
static bool has_uid(uid_t uid) {
        _cleanup_(id_map_deinit) IdMap map = {};
        _cleanup_free_ char *text = NULL;

        if (geteuid() != 65534 || file_read(AT_FDCWD, "/proc/self/uid_map", &text, NULL) < 0 ||
            id_map_parse(text, &map) < 0)
                return true;
        for (size_t i = 0; i < map.n; i++)
                if (uid >= map.items[i].outside && uid - map.items[i].outside < map.items[i].count)
                        return true;
        return false;
}

int staged_check_joined(const Spec *spec, uid_t caller, Report *report) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];

                if (m->type && streq(m->type, "overlay") && m->data && strstr(m->data, "upperdir=") &&
                    has_uid(caller))
                        return report_error(report, EPERM, "%s: /mounts/%zu: %s has the uid of isorun-oci, so root "
                                            "there could put something else in the place of upperdir", spec->file, i,
                                            spec->joined[SPEC_USER]);
        }
        return 0;
}
