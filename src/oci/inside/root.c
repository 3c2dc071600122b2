/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "oci/inside/attach.h"
#include "oci/inside/bind-sys.h"
#include "oci/inside/copy-up.h"
#include "oci/inside/layers.h"
#include "oci/inside/walk.h"
#include "sandbox/root/mount.h"
#include "sandbox/wire/message.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"

static int set_attributes(int mount_fd, uint64_t set, uint64_t clear, unsigned long propagation, bool all) {
        struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

        if (!set && !clear && !propagation)
                return 0;
        return mount_setattr(mount_fd, "", AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0), &attr, sizeof(attr)) < 0 ? -errno
                                                                                                             : 0;
}

int *mount_fds_new(const Spec *spec) {
        int *fds = malloc((spec->n_mounts + 1) * sizeof(int));

        for (size_t i = 0; fds && i < spec->n_mounts; i++)
                fds[i] = -1;
        return fds;
}

int *mount_fds_free(const Spec *spec, int *fds) {
        if (fds)
                fds_close(fds, spec->n_mounts);
        free(fds);
        return NULL;
}

int *root_copy_sources(const Spec *spec) {
        int *sources = mount_fds_new(spec);

        for (size_t i = 0; sources && i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];
                _cleanup_free_ char *path = m->type || m->inner_source ? NULL : spec_mount_source(spec, m);
                _cleanup_close_ int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1, copy = -1;

                copy = fd < 0 ? -1 : mount_copy(fd, m->recursive);
                /* A mount of the container must not appear on the host. */
                if (copy >= 0 && set_attributes(copy, 0, 0, MS_SLAVE, true) >= 0)
                        sources[i] = TAKE_FD(copy);
        }
        return sources;
}

/* A mount that is shared with the host stays that only where config.json shares it. The image must not choose by a
 * symlink what it is: masks are for paths, and a second path of a procfs would have none. */
static int copy_inner_source(const SpecMount *m, int root, Failure *f) {
        _cleanup_close_ int fd = walk(root, m->inner_source, WALK_FIND, false), copy = -1;
        int r;

        if (fd < 0)
                return fail(f, -fd, "cannot open %s of the container, the source of %s%s", m->inner_source,
                            m->destination, fd == -ELOOP ? " (it leads through a symlink, which may be the image's: "
                                                           "name the path that it leads to)" : "");
        r = copy = mount_copy(fd, m->recursive);
        if (r >= 0)
                r = set_attributes(copy, 0, 0, MS_SLAVE, true);
        return r < 0 ? fail(f, -r, "cannot copy the mount of %s for %s", m->inner_source, m->destination)
                     : TAKE_FD(copy);
}

/* The source is a path of the host, which the engine vouches for, so symlinks in it are followed. outside is used only
 * if the path cannot be reached from here: of a copy that is made here, the kernel keeps a container with CAP_SYS_ADMIN
 * from changing the options that the mount has on the host. */
static int copy_source(const Spec *spec, const SpecMount *m, int outside, int root, Failure *f) {
        _cleanup_free_ char *path = spec_mount_source(spec, m), *staged = NULL;
        _cleanup_close_ int fd = -1;
        int copy;

        if (m->inner_source)
                return copy_inner_source(m, root, f);
        if (spec->joined[SPEC_USER])
                staged = format(ROOT_STAGED_SOURCE, (size_t) (m - spec->mounts));
        if (!path || (spec->joined[SPEC_USER] && !staged))
                return fail(f, ENOMEM, "cannot mount %s", m->destination);
        fd = open(staged ?: path, O_PATH | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && outside >= 0) {
                copy = fcntl(outside, F_DUPFD_CLOEXEC, 0);
                return copy < 0 ? fail(f, errno, "cannot mount %s", m->destination) : copy;
        }
        if (fd < 0)
                return fail(f, errno, "cannot open %s, the source of %s", path, m->destination);
        copy = mount_copy(fd, m->recursive);
        return copy < 0 ? fail(f, -copy, "cannot copy the mount of %s for %s", path, m->destination) : copy;
}

/* In a user namespace, only the owner of the cgroup namespace may mount the tree. */
static bool binds_cgroup(const Spec *spec, const SpecMount *m) {
        return m->type && streq(m->type, "cgroup") && spec_has_user_namespace(spec) &&
               !(spec->new_namespaces & CLONE_NEWCGROUP);
}

/* This process's cgroup, by the host's tree. In a joined cgroup namespace, its path means nothing there. */
static int open_own_cgroup(const Spec *spec) {
        _cleanup_free_ char *own = NULL, *path = NULL;
        _cleanup_close_ int fd = -1;
        struct statfs fs;

        if (spec->joined[SPEC_CGROUP] || process_cgroup(0, &own) < 0 || streq(own, "/") || !path_is_safe(own))
                return -ENOENT;
        path = format("/sys/fs/cgroup%s", own);
        fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        return fd >= 0 && fstatfs(fd, &fs) >= 0 && fs.f_type == CGROUP2_SUPER_MAGIC ? TAKE_FD(fd) : -ENOENT;
}

bool root_needs_cgroup(const Spec *spec) {
        if (!spec->joined[SPEC_USER] || spec->joined[SPEC_CGROUP])
                return false;
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (binds_cgroup(spec, &spec->mounts[i]))
                        return true;
        return false;
}

int root_copy_cgroup(int cgroup) {
        _cleanup_close_ int copy = mount_copy(cgroup, false);
        int r = copy < 0 ? copy : set_attributes(copy, 0, 0, MS_PRIVATE, false);

        return r < 0 ? r : TAKE_FD(copy);
}

/* Kernels before 6.15 do not copy a detached mount. It is attached once then, and copied for the next one. */
static int copy_given(int given) {
        int copy = mount_copy(given, false);

        return copy >= 0 ? copy : fcntl(given, F_DUPFD_CLOEXEC, 3);
}

/* Read-only, and no more than a new cgroup namespace would show (CVE-2023-25809): the container's cgroup, or an empty
 * directory. */
static int bind_cgroup(const Spec *spec, const SpecMount *m, int given, Failure *f) {
        const unsigned set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        _cleanup_close_ int own = spec->joined[SPEC_USER] ? -1 : open_own_cgroup(spec), copy = -1;
        MountReason reason = {};
        int r;

        if (m->data)
                return fail(f, EINVAL, "cannot mount %s: no cgroup namespace, so it is bound, without the options %s",
                            m->destination, m->data);
        copy = given >= 0 ? copy_given(given) : own < 0 ? attach_make_lid(spec->mount_label, &reason)
                                                        : mount_copy(own, false);
        r = copy < 0 ? copy : set_attributes(copy, m->set | set, 0, 0, false);
        return r < 0 ? fail(f, -r, "cannot mount %s of type %s%s", m->destination, m->type, reason.text)
                     : TAKE_FD(copy);
}

/* As runc has it. The kernel's own files have labels of their own. Containers may share an mqueue, so its mount cannot
 * have a label; its directory gets it. */
static bool has_own_labels(const char *type) {
        static const char *const types[] = { "proc", "sysfs", "cgroup", "mqueue", NULL };

        return strv_contains((char *const *) types, type);
}

static int label_directory(int mount_fd, const char *label) {
        _cleanup_close_ int fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsetxattr(fd, "security.selinux", label, strlen(label), 0) < 0 ? -errno : 0;
}

static bool lacks_option(const char *options, const char *key) {
        const char *found = options ? strstr(options, key) : NULL;

        return !found || (found != options && found[-1] != ',');
}

/* What the mount's options and its source are for fsconfig(2). */
static char *options_of(const SpecMount *m) {
        const bool named = m->source && *m->source && !strchr(m->source, ',') && strlen(m->source) < 256;
        const bool terminals = streq(m->type, "devpts") && lacks_option(m->data, "ptmxmode=");

        /* The kernel's own ptmx has mode 000, and /dev/ptmx leads to it. */
        return format("%s%s%s%s", m->data ?: "", terminals ? ",ptmxmode=0666" : "", named ? ",source=" : "",
                      named ? m->source : "");
}

/* As mount_make_labelled(), also for an overlay whose paths are long. */
static int make_with(const char *type, const char *options, const char *label, unsigned attributes,
                     MountReason *reason) {
        _cleanup_layers_ Layers layers = {};
        _cleanup_free_ char *shorter = NULL;
        int r = 0;

        if (streq(type, "overlay") && layers_are_long(options))
                r = layers_open(&layers, options, &shorter, reason);
        return r < 0 ? r : mount_make_labelled(type, shorter ?: options, label, attributes, reason);
}

/* A file system that has no device. *ret_bound: it is that of bind_sys(). */
static int make_new(const Spec *spec, const SpecMount *m, int own_cgroup, bool *ret_bound, Failure *f) {
        const bool cgroup = streq(m->type, "cgroup");
        const uint64_t late = mount_is_filled_later(m) ? MOUNT_ATTR_RDONLY : m->late;
        _cleanup_free_ char *data = NULL;
        const char *label = has_own_labels(m->type) ? NULL : spec->mount_label;
        _cleanup_close_ int fd = -1;
        MountReason reason = {};
        int r = 0;

        if (binds_cgroup(spec, m))
                return bind_cgroup(spec, m, own_cgroup, f);
        data = options_of(m);
        if (!data)
                return fail(f, ENOMEM, "cannot mount %s", m->destination);
        fd = make_with(cgroup ? "cgroup2" : m->type, data, label, (unsigned) (m->set & ~late), &reason);
        *ret_bound = fd == -EPERM && streq(m->type, "sysfs");
        if (*ret_bound)
                return bind_sys(spec, m, f);
        /* Root of another user namespace than that of the cgroup namespace, as in podman without root. */
        if (fd == -EPERM && cgroup && !(spec->new_namespaces & CLONE_NEWCGROUP))
                return bind_cgroup(spec, m, own_cgroup, f);
        if (fd < 0)
                return fail(f, -fd, "cannot mount %s of type %s%s%s%s", m->destination, m->type,
                            label ? " with the SELinux label " : "", label ?: "", reason.text);
        if (spec->mount_label && streq(m->type, "mqueue"))
                r = label_directory(fd, spec->mount_label);
        return r < 0 ? fail(f, -r, "cannot give %s the SELinux label %s", m->destination, spec->mount_label)
                     : TAKE_FD(fd);
}

static bool is_same(int a, int b) {
        struct stat x, y;

        return fstat(a, &x) >= 0 && fstat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Without the option "mode", a directory in memory has the mode of one that it hides, as runc has it. */
static bool inherits_mode(const SpecMount *m) {
        return m->type && streq(m->type, "tmpfs") &&
               !(m->data && (startswith(m->data, "mode=") || strstr(m->data, ",mode=")));
}

bool mount_is_filled_later(const SpecMount *m) {
        return m->type && !m->remount && m->set & MOUNT_ATTR_RDONLY && spec_mounts_dev(m);
}

/* The mount has its options by then: it is writable only while it is filled. */
static int fill(const SpecMount *m, int place, int mount_fd) {
        struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };
        struct stat st;
        int r;

        if (m->set & MOUNT_ATTR_RDONLY && mount_setattr(mount_fd, "", AT_EMPTY_PATH, &writable, sizeof(writable)) < 0)
                return -errno;
        if (fstat(place, &st) < 0 || (m->copy_up && fchownat(mount_fd, ".", st.st_uid, st.st_gid, 0) < 0) ||
            (inherits_mode(m) && fchmodat(mount_fd, ".", st.st_mode & 07777, 0) < 0))
                return -errno;
        r = m->copy_up ? copy_up(place, mount_fd) : 0;
        if (r < 0 || mount_is_filled_later(m))
                return r;
        return set_attributes(mount_fd, m->set & ~m->late & MOUNT_ATTR_RDONLY, 0, 0, false);
}

/* Programs trust /proc and /sys, and so do later mounts: a symlink must not put them elsewhere (CVE-2019-16884). */
static bool symlinked_bind;

bool root_has_symlinked_bind(void) {
        return symlinked_bind;
}

int root_attach(const Spec *spec, const SpecMount *m, int root, int mount_fd, Failure *f) {
        const bool plain = m->type && (streq(m->type, "proc") || streq(m->type, "sysfs"));
        _cleanup_close_ int place = -1;
        struct stat st;
        WalkMake make;
        bool existed;
        int r;

        if (fstat(mount_fd, &st) < 0)
                return fail(f, errno, "cannot mount %s", m->destination);
        make = S_ISDIR(st.st_mode) ? WALK_MAKE_DIRECTORY : WALK_MAKE_FILE;
        place = inherits_mode(m) ? walk(root, m->destination, WALK_FIND, true) : -1;
        existed = place >= 0;
        if (!existed)
                place = walk(root, m->destination, make, false);
        if (place == -ELOOP && !plain) {
                symlinked_bind = symlinked_bind || !m->type;
                place = walk(root, m->destination, make, true);
        }
        if (place == -ELOOP && plain)
                return fail(f, ELOOP, "%s must be mounted on ordinary directory paths, without symlinks: %s", m->type,
                            m->destination);
        if (place < 0)
                return fail(f, -place, "cannot open or make the mount point %s", m->destination);
        if (is_same(place, root))
                return fail(f, EINVAL, "cannot mount %s over the root", m->destination);
        r = m->copy_up || existed ? fill(m, place, mount_fd) : 0;
        if (r < 0)
                return fail(f, -r, "cannot copy what is in %s", m->destination);
        r = attach_in(spec, mount_fd, place);
        return r < 0 ? fail(f, -r, "cannot mount %s%s", m->destination, attach_hint(r)) : 0;
}

typedef struct Ready {
        const RootGiven *given;
        const int *shared; /* for each mount an fd or -1; NULL: none */
} Ready;

/* Only root of the host may. The copy has the mounts that come before it, and the options that they are locked to. */
static int map_ids(const SpecMount *m, size_t i, int copy, int socket, Failure *f) {
        const Message ask = { .type = MESSAGE_GIVEN, .value = (int32_t) i };
        Message answer = {};
        int r = message_send(socket, &ask, &copy, 1);

        if (r >= 0)
                r = message_receive(socket, MESSAGE_TO_INSIDE, &answer, NULL, 0);
        return r > 0 && answer.type == MESSAGE_CONTINUE ? 0 : fail(f, ECHILD, "cannot map the ids of %s", m->source);
}

/* Returns the detached mount. */
static int make_or_copy(const Spec *spec, size_t i, const Ready *ready, int root, bool *ret_bound, Failure *f) {
        const SpecMount *m = &spec->mounts[i];
        const RootGiven *given = ready->given;
        const int made = given->mapped && given->mapped[i] >= 0 ? given->mapped[i] : ready->shared ? ready->shared[i]
                                                                                                 : -1;
        _cleanup_close_ int fd = made >= 0 ? fcntl(made, F_DUPFD_CLOEXEC, 3)
                               : m->type   ? make_new(spec, m, given->cgroup, ret_bound, f)
                               : copy_source(spec, m, given->sources ? given->sources[i] : -1, root, f);
        int r;

        if (fd < 0)
                return made >= 0 ? fail(f, errno, "cannot mount %s", m->destination) : fd;
        r = m->id_mapped && m->inner_source ? map_ids(m, i, fd, given->socket, f) : 0;
        return r < 0 ? r : TAKE_FD(fd);
}

/* Returns an fd of the attached mount. */
static int do_mount(const Spec *spec, size_t i, const Ready *ready, int root, Failure *f) {
        const SpecMount *m = &spec->mounts[i];
        bool bound = false;
        _cleanup_close_ int fd = make_or_copy(spec, i, ready, root, &bound, f);
        const unsigned long all = m->propagation_of_all ? m->propagation : 0;
        int r;

        if (fd < 0)
                return fd;
        r = set_attributes(fd, m->all_set & ~m->all_late, m->all_clear, all, true);
        if (r >= 0)
                r = set_attributes(fd, m->type ? 0 : m->set & ~m->late, m->type ? 0 : m->clear,
                                   m->propagation_of_all ? 0 : m->propagation, false);
        if (r < 0)
                return fail(f, -r, "cannot set the options of %s", m->destination);
        r = root_attach(spec, m, root, fd, f);
        if (r >= 0 && bound)
                r = bind_sys_cover(spec, fd, f);
        return r < 0 ? r : TAKE_FD(fd);
}

/* By the fd of the mount itself, whatever is mounted over it by now. */
static int set_late(const SpecMount *m, int fd, Failure *f) {
        const uint64_t late = mount_is_filled_later(m) ? 0 : m->late;
        int r = set_attributes(fd, late, 0, 0, false);

        if (r >= 0)
                r = set_attributes(fd, m->all_late, 0, 0, true);
        return r < 0 ? fail(f, -r, "cannot remount %s", m->destination) : 0;
}

static int do_mounts(const Spec *spec, const Ready *ready, int root, Failure *f) {
        int *fds = mount_fds_new(spec), r = fds ? 0 : fail(f, ENOMEM, "cannot make the mounts");

        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];

                if (m->remount)
                        continue;
                r = fds[i] = do_mount(spec, i, ready, root, f);
                if (!m->late && !m->all_late)
                        fds[i] = fd_close(fds[i]);
        }
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                if (fds[i] >= 0)
                        r = set_late(&spec->mounts[i], fds[i], f);
        mount_fds_free(spec, fds);
        return r;
}

/* Of a copy with the mounts below, shares only the top with the host. */
static int share_top(const Spec *spec, const SpecMount *m, int copy, Failure *f) {
        _cleanup_free_ char *path = spec_mount_source(spec, m);
        _cleanup_close_ int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1,
                            peer = fd < 0 ? -1 : mount_copy(fd, false);
        const int shared = peer < 0 ? -ENOENT : attach_is_shared(fd);
        int r = shared < 0 ? shared : set_attributes(copy, 0, 0, MS_SLAVE, true);

        /* Only a private mount can join a peer group. */
        if (r >= 0 && shared)
                r = set_attributes(copy, 0, 0, MS_PRIVATE, false);
        if (r >= 0 && shared && move_mount(peer, "", copy, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH |
                                                               MOVE_MOUNT_SET_GROUP) < 0)
                r = -errno;
        return r < 0 ? fail(f, -r, "cannot share %s, and not the mounts below it (rshared shares them, too)",
                            m->destination) : 0;
}

static int copy_one_shared(const Spec *spec, const SpecMount *m, Failure *f) {
        _cleanup_close_ int copy = copy_source(spec, m, -1, -1, f);
        int r = copy >= 0 && m->recursive && !m->propagation_of_all ? share_top(spec, m, copy, f) : 0;

        return r < 0 ? r : TAKE_FD(copy);
}

/* The mounts that are to be shared with the host: a copy is the peer of the host's mount only if it is made before all
 * mounts here are slaves. *ret is an array with an fd or -1 for each mount, or NULL if there are none; also after an
 * error, the caller frees it. */
static int copy_shared(const Spec *spec, int **ret, Failure *f) {
        int *fds, r = attach_begin(spec);

        if (r < 0)
                return fail(f, -r, "cannot read /proc/self/mountinfo");
        if (!spec_shares_mounts(spec))
                return 0;
        fds = *ret = mount_fds_new(spec);
        if (!fds)
                return fail(f, ENOMEM, "cannot copy the shared mounts");
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++)
                if (spec_is_shared(spec, &spec->mounts[i]))
                        r = fds[i] = copy_one_shared(spec, &spec->mounts[i], f);
        return r < 0 ? r : 0;
}

/* Whether the propagation is that of root_begin(). pivot_root(2) refuses a root that is shared, and an unbindable one
 * cannot be copied: the others are set at the end. */
static bool is_early(unsigned long propagation) {
        return propagation & (MS_PRIVATE | MS_SLAVE);
}

/* All begins with one look-up of the root's path: whoever exchanges it later changes nothing. */
static int copy_root(const Spec *spec, Failure *f) {
        const unsigned long asked = spec->propagation, flags = is_early(asked) ? asked : asked ? MS_PRIVATE : 0;
        _cleanup_close_ int place = -1, root = -1;
        int r;

        place = open(spec->joined[SPEC_USER] ? ROOT_STAGED : spec->root,
                     O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (place < 0)
                return fail(f, errno, "cannot open the root %s", spec->root);
        root = mount_copy(place, true);
        r = root < 0 ? root : set_attributes(root, 0, 0, flags & ~(unsigned long) MS_REC, flags & MS_REC);
        if (r >= 0)
                r = mount_attach(root, place);
        return r < 0 ? fail(f, -r, "cannot mount the root %s", spec->root) : TAKE_FD(root);
}

int root_begin(const Spec *spec, const RootGiven *given, int *ret, Failure *f) {
        _cleanup_close_ int root = -1;
        int *shared = NULL, r = copy_shared(spec, &shared, f);

        /* Nothing else that is mounted here may appear on the host. */
        if (r >= 0 && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
                r = fail(f, errno, "cannot make the mounts private");
        if (r >= 0)
                r = root = copy_root(spec, f);
        if (r >= 0)
                r = do_mounts(spec, &(Ready) { given, shared }, root, f);
        mount_fds_free(spec, shared);
        if (r < 0)
                return r;
        *ret = TAKE_FD(root);
        return 0;
}

static int move_root(const Spec *spec, int root, Failure *f) {
        if (root_hide_proc(root, f) < 0)
                return -1;
        if (fchdir(root) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
                return fail(f, errno, "cannot change to the root %s", spec->root);
        return 0;
}

static int pivot_root_to(const Spec *spec, int root, Failure *f) {
        if (fchdir(root) < 0 || sys_pivot_root(".", ".") < 0)
                return fail(f, errno, "cannot change to the root %s", spec->root);
        if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return fail(f, errno, "cannot leave the host's root");
        return 0;
}

int root_enter(const Spec *spec, int root, bool no_pivot, Failure *f) {
        int r = no_pivot ? move_root(spec, root, f) : pivot_root_to(spec, root, f);

        if (r < 0)
                return r;
        r = spec->root_read_only ? set_attributes(root, MOUNT_ATTR_RDONLY, 0, 0, false) : 0;
        if (r < 0)
                return fail(f, -r, "cannot make the root read-only");
        r = is_early(spec->propagation) ? 0 : set_attributes(root, 0, 0, spec->propagation & ~(unsigned long) MS_REC,
                                                              spec->propagation & MS_REC);
        return r < 0 ? fail(f, -r, "cannot set the propagation of the root") : 0;
}
