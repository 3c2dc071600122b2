/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root is made from the plan's list of mounts, parents first.
 *
 * Where the host's / is the root, the new root is the copy of it that the mount namespace began with: begin_in_place().
 * Else it is a clone of a host directory with the mounts below it, or a stack of directories, or an empty tmpfs. It is
 * attached over "/" of the new mount namespace. This process still reaches the sources of binds through an fd of the old
 * root, which it keeps until pivot_root(2).
 *
 * The root is read-only, nosuid, nodev and private before anything is made in it, so the payload's root is never
 * writable (only isoctl build asks for a root that it can write). An empty tmpfs, and a directory that needs new
 * entries, is made read-only after all mount points are made in it: seal_all(). The payload starts after that.
 *
 * Every source is opened once without following symlinks (the plan has resolved them), and the opened file is mounted.
 * Every destination is looked up inside the new root, also without symlinks. So no path is first checked and then used,
 * and a symlink that appears in between causes an error but never leads to another place. */
#include "sandbox/root/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/limits/bounds.h"
#include "sandbox/root/maker.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"
#include "util/path.h"

int root_mount_fail(RootMaker *rm, const PlanMount *m, int error, const char *what, const char *path) {
        return fail_at(rm->f, subject_mount(rm->plan, m), error, "cannot %s %s%s", what, path, rm->reason.text);
}

enum { BINDS_MAX = 100 }; /* of a root that is made in place: each one is an open fd */

unsigned root_count_fds(const Plan *plan) {
        enum { OTHERS = 16 };
        const size_t places = 2 * plan->n_mounts, most = FD_BIN_MAX + BINDS_MAX;

        return (unsigned) (places < most ? places : most) + OTHERS;
}

int root_open_proc(MountReason *ret_reason) {
        return mount_make("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, ret_reason);
}

/* If the caller passed the source as an fd, its path must still lead to the same file. */
static int check_same(int source, int passed) {
        struct stat a, b;

        if (fstat(source, &a) < 0 || fstat(passed, &b) < 0)
                return -errno;
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino ? 0 : -ESTALE;
}

static int clone_source(RootMaker *rm, const PlanMount *m, MountAttributes attributes) {
        int fd = root_open_source(rm, m->source.path, 0), r = 0;

        if (fd >= 0 && m->source.kind == SOURCE_FD)
                r = check_same(fd, m->source.fd);
        if (fd >= 0 && r >= 0)
                r = rm->inherited == mount_attribute_bits(attributes) ? mount_copy(fd, attributes.recursive)
                                                                      : mount_clone(fd, attributes);
        fd_bin_add(&rm->spent, fd);
        return fd < 0 ? fd : r;
}

/* Makes a detached mount of the source of m with the attributes. Returns the fd or -errno. */
static int make_bind(RootMaker *rm, const PlanMount *m, MountAttributes attributes) {
        _cleanup_close_ int fd = -1;
        int r = 0;

        switch (m->source.kind) {
        case SOURCE_ID_MAPPED:
                fd = fcntl(rm->id_mapped[m - rm->plan->mounts], F_DUPFD_CLOEXEC, 3);
                return fd < 0 ? -errno : TAKE_FD(fd);
        case SOURCE_DETACHED:
                fd = fcntl(m->source.fd, F_DUPFD_CLOEXEC, 3);
                r = fd < 0 ? -errno : mount_set_attributes(fd, attributes);
                return r < 0 ? r : TAKE_FD(fd);
        default:
                return clone_source(rm, m, attributes);
        }
}

static int do_bind(RootMaker *rm, const PlanMount *m) {
        int *copied = rm->copies ? &rm->copies[m - rm->plan->mounts] : NULL, fd, r;

        fd = copied ? *copied : make_bind(rm, m, m->attributes);
        if (copied)
                *copied = 0;
        r = fd < 0 ? root_mount_fail(rm, m, -fd, "bind", m->source.path) : root_place(rm, m, fd);
        fd_bin_add(&rm->spent, fd);
        return r;
}

/* Whether m stays an empty directory: nothing is made or mounted in it. */
static bool is_empty(const Plan *plan, const PlanMount *m) {
        if (m->kind != MOUNT_TMPFS || !m->attributes.read_only || m->merge)
                return false;
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (path_is_below(plan->mounts[i].destination, m->destination))
                        return false;
        return true;
}

/* All empty directories of the same mode are mounts of one. A mount that is attached can be copied, with its
 * attributes, which takes fewer system calls than a file system. */
static int do_empty(RootMaker *rm, const PlanMount *m) {
        const PlanMount *like = rm->empty_like;
        _cleanup_close_ int fd = -1;
        int r;

        if (like && streq(like->options, m->options) &&
            mount_attribute_bits(like->attributes) == mount_attribute_bits(m->attributes))
                return root_place_copy(rm, m, rm->empty);
        fd = mount_make("tmpfs", m->options, mount_attribute_bits(m->attributes), &rm->reason);
        r = fd < 0 ? root_mount_fail(rm, m, -fd, "make a file system for", m->destination) : root_place(rm, m, fd);
        if (r >= 0) {
                fd_close(rm->empty);
                rm->empty = TAKE_FD(fd);
                rm->empty_like = m;
        }
        return r;
}

/* Mounts a file system with few system calls. Returns 0, or -errno without a reason. */
static int mount_quickly(RootMaker *rm, const PlanMount *m, const char *type, MountAttributes attributes) {
        const unsigned long flags = MS_NOSUID | (attributes.devices ? 0 : MS_NODEV) | (attributes.no_exec ? MS_NOEXEC : 0);
        int destination, r;

        if (attributes.read_only)
                return -EOPNOTSUPP; /* mount(2) would make the file system read-only, not only the mount */
        destination = root_open_place(rm, m);
        if (destination < 0)
                return destination;
        r = fchdir(destination) < 0 || mount("none", ".", type, flags, m->options) < 0 ? -errno : 0;
        fd_bin_add(&rm->spent, destination);
        return r;
}

static int do_filesystem(RootMaker *rm, const PlanMount *m, const char *type, const char *options) {
        MountAttributes attributes = m->attributes;
        _cleanup_close_ int fd = -1;

        /* A tmpfs is made read-only by seal_all(): other mounts may need mount points in it. */
        if (streq(type, "tmpfs"))
                attributes.read_only = false;
        else
                attributes.no_exec = true;
        if (options == m->options && mount_quickly(rm, m, type, attributes) >= 0)
                return 0;
        fd = mount_make(type, options, mount_attribute_bits(attributes), &rm->reason);
        if (fd < 0)
                return root_mount_fail(rm, m, -fd, "make a file system for", m->destination);
        return root_place(rm, m, fd);
}

/* Writes the limits of the user namespace through the new /proc before it is made read-only, because to detach another
 * one takes long. With subset=pid, the new one has no limits in it. */
static int write_limits(RootMaker *rm, const PlanMount *m, int proc) {
        _cleanup_close_ int whole = -1;

        if (!rm->plan->n_user_limits)
                return 0;
        if (!strstr(m->options, "subset="))
                return bounds_write(rm->plan, proc, rm->f);
        whole = root_open_proc(&rm->reason);
        if (whole < 0)
                return root_mount_fail(rm, m, -whole, "make a file system for", m->destination);
        return bounds_write(rm->plan, whole, rm->f);
}

static int do_proc(RootMaker *rm, const PlanMount *m) {
        MountAttributes attributes = m->attributes;
        _cleanup_close_ int fd = -1;
        int r;

        attributes.read_only = false;
        attributes.no_exec = true;
        fd = mount_make("proc", m->options, mount_attribute_bits(attributes), &rm->reason);
        if (fd == -EPERM)
                return fail_at(rm->f, subject_mount(rm->plan, m), EPERM,
                               "the kernel refuses a new /proc, because parts of the present one are covered, as in a "
                               "container: run isorun outside it, or in a sandbox with Nesting=yes");
        if (fd < 0)
                return root_mount_fail(rm, m, -fd, "make a file system for", m->destination);
        r = write_limits(rm, m, fd);
        if (r < 0)
                return r;
        attributes.read_only = m->attributes.read_only;
        r = mount_set_attributes(fd, attributes);
        return r < 0 ? root_mount_fail(rm, m, -r, "write-protect", m->destination) : root_place(rm, m, fd);
}

static int do_directory(RootMaker *rm, const PlanMount *m) {
        const char *name = path_name(m->destination);
        int parent = root_open_parent(rm, m->destination);

        if (parent < 0)
                return root_mount_fail(rm, m, -parent, "open the parent of", m->destination);
        /* If the parent is on disk, its default ACL or set-group-id bit can change the mode that mkdirat(2) gives. */
        if (mkdirat(parent, name, m->mode) < 0 ||
            (!rm->plan->mounts[0].attributes.read_only && fchmodat(parent, name, m->mode, 0) < 0))
                return root_mount_fail(rm, m, errno, "create", m->destination);
        if (rm->plan->set_owner &&
            fchownat(parent, name, rm->plan->owner_uid, rm->plan->owner_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return root_mount_fail(rm, m, errno, "create", m->destination);
        return 0;
}

static int do_symlink(RootMaker *rm, const PlanMount *m) {
        int parent = root_open_parent(rm, m->destination);

        if (parent < 0)
                return root_mount_fail(rm, m, -parent, "open the parent of", m->destination);
        if (symlinkat(m->target, parent, path_name(m->destination)) < 0)
                return root_mount_fail(rm, m, errno, "create", m->destination);
        return 0;
}

/* Adds one entry of a directory to its merged copy: a symlink is made again, all else is bound. */
static int merge_entry(RootMaker *rm, const PlanMount *m, int from, int to, const char *name) {
        _cleanup_free_ char *path = path_join(m->destination, name), *target = NULL;
        const MountAttributes attributes = { .read_only = true, .recursive = true };
        _cleanup_close_ int entry = -1, copy = -1, place_fd = -1;
        const PlanMount *planned;
        struct stat st;

        if (!path)
                return -ENOMEM;
        entry = open_in(from, name, O_NOFOLLOW, RESOLVE_BENEATH);
        if (entry < 0)
                return entry == -ENOENT ? 0 : entry;
        if (fstat(entry, &st) < 0)
                return -errno;

        if (S_ISLNK(st.st_mode)) {
                int r = link_read(entry, "", &target);

                return r < 0 ? r : symlinkat(target, to, name) < 0 ? -errno : 0;
        }
        if (S_ISDIR(st.st_mode) ? mkdirat(to, name, 0755) < 0 : mknodat(to, name, S_IFREG | 0644, 0) < 0)
                return -errno;
        /* If the plan mounts over this directory, the bind is not needed. But a merge needs it: it reads the directory
         * below. */
        planned = plan_find_mount(rm->plan, path);
        if (S_ISDIR(st.st_mode) && planned && planned->kind != MOUNT_MERGE)
                return 0;

        copy = mount_clone(entry, attributes);
        if (copy < 0)
                return copy;
        place_fd = open_in(to, name, O_NOFOLLOW, RESOLVE_BENEATH);
        return place_fd < 0 ? place_fd : mount_attach(copy, place_fd);
}

static int merge_entries(RootMaker *rm, const PlanMount *m, int from, int to) {
        int dup_fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        struct dirent *e;
        DIR *dir;

        if (dup_fd < 0)
                return -errno;
        dir = fdopendir(dup_fd);
        if (!dir) {
                fd_close(dup_fd);
                return -ENOMEM;
        }
        while (r >= 0 && (e = readdir(dir)))
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = merge_entry(rm, m, from, to, e->d_name);
        closedir(dir);
        return r;
}

/* Puts a small tmpfs over a directory, with a bind of each entry of the directory. */
static int do_merge(RootMaker *rm, const PlanMount *m) {
        _cleanup_close_ int from = root_open_destination(rm, m->destination), to = -1;
        int r = from;

        root_forget_parents(rm);
        if (r >= 0) {
                to = mount_make("tmpfs", "mode=755,size=1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &rm->reason);
                r = to;
        }
        if (r >= 0)
                r = mount_attach(to, from);
        if (r >= 0)
                r = merge_entries(rm, m, from, to);
        if (r < 0)
                return root_mount_fail(rm, m, -r, "add entries to", m->destination);

        if (streq(m->destination, "/")) {
                fd_close(rm->new_root);
                rm->new_root = TAKE_FD(to);
                rm->layers++;
        }
        return 0;
}

static int do_mount(RootMaker *rm, const PlanMount *m) {
        switch (m->kind) {
        case MOUNT_BIND:
                return do_bind(rm, m);
        case MOUNT_TMPFS:
                return is_empty(rm->plan, m) ? do_empty(rm, m) : do_filesystem(rm, m, "tmpfs", m->options);
        case MOUNT_GRANT:
                return do_filesystem(rm, m, "tmpfs", "mode=755,size=4k");
        case MOUNT_PROC:
                return do_proc(rm, m);
        case MOUNT_DEVPTS:
                return do_filesystem(rm, m, "devpts", m->options);
        case MOUNT_DIRECTORY:
                return do_directory(rm, m);
        case MOUNT_SYMLINK:
                return do_symlink(rm, m);
        case MOUNT_BLOCKED:
                return root_do_blocked(rm, m);
        case MOUNT_OVERLAY:
                return root_do_overlay(rm, m);
        case MOUNT_FILE:
                return root_do_file(rm, m);
        case MOUNT_COPY:
                return root_do_copy(rm, m);
        case MOUNT_NOTIFY:
                return root_do_notify(rm, m);
        case MOUNT_ROOT:
        case MOUNT_MERGE:
        case MOUNT_CGROUP: /* root_finish() */
                return 0;
        }
        return -EINVAL;
}

/* If the root is writable, only its own tree is, not the mounts below it. */
static int bind_root(RootMaker *rm, const PlanMount *root) {
        struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
        MountAttributes read_only = root->attributes;
        _cleanup_close_ int copy = -1;

        read_only.read_only = true;
        copy = make_bind(rm, root, read_only);
        if (copy >= 0 && !root->attributes.read_only && mount_setattr(copy, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return -errno;
        return TAKE_FD(copy);
}

/* Makes the new root as a detached mount. Returns the fd or -errno. */
static int make_root(RootMaker *rm, const PlanMount *root) {
        if (root->source.kind == SOURCE_NONE)
                return mount_make("tmpfs", "mode=755,size=1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &rm->reason);
        return root->source.kind == SOURCE_LAYERS ? root_make_stack(rm, root) : bind_root(rm, root);
}

/* Whether the root can be the copy of the host's mounts that the mount namespace has begun with. Otherwise a second copy
 * is made, and the first one thrown away, which takes long if the host has many mounts.
 *
 * The payload must not get below its root. With a new user namespace, it does not: the kernel makes none for a process
 * whose root is not the top of its mount namespace's root (chroot(2)), and it locks all mounts of the copy, as it locks
 * those that isorun adds when the payload gets a user namespace of its own. What is below the root, the root file system
 * of the early boot, is there after pivot_root(2), too.
 *
 * The sources of binds are copied first, before something covers them. Overlays and copies of files need them later. */
static bool can_be_in_place(const Plan *plan) {
        const PlanMount *root = &plan->mounts[0];
        unsigned binds = 0;

        if (!(plan->namespaces & CLONE_NEWUSER) || root->source.kind != SOURCE_PATH || !streq(root->source.path, "/") ||
            !root->attributes.read_only || !root->attributes.recursive || root->merge)
                return false;
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_OVERLAY || plan->mounts[i].kind == MOUNT_COPY)
                        return false;
                else
                        binds += plan->mounts[i].kind == MOUNT_BIND;
        return binds <= BINDS_MAX;
}

static int copy_sources(RootMaker *rm, bool like_root) {
        const unsigned attributes = mount_attribute_bits(rm->plan->mounts[0].attributes);

        for (size_t i = 0; i < rm->plan->n_mounts; i++) {
                const PlanMount *m = &rm->plan->mounts[i];

                if (m->kind != MOUNT_BIND || (mount_attribute_bits(m->attributes) == attributes) != like_root)
                        continue;
                rm->copies[i] = make_bind(rm, m, m->attributes);
                if (rm->copies[i] < 0)
                        return root_mount_fail(rm, m, -rm->copies[i], "bind", m->source.path);
        }
        return 0;
}

/* A copy has the attributes of the mount that it is of. Those that the whole root gets are so set with one call. */
static int begin_in_place(RootMaker *rm, const PlanMount *root) {
        int r;

        rm->copies = calloc(rm->plan->n_mounts, sizeof(int));
        rm->new_root = rm->copies ? fcntl(rm->old_root, F_DUPFD_CLOEXEC, 3) : -1;
        if (rm->new_root < 0)
                return fail(rm->f, errno, "cannot copy the mounts");
        r = copy_sources(rm, false);
        if (r < 0)
                return r;
        r = mount_set_attributes(rm->new_root, root->attributes);
        if (r < 0)
                return fail_at(rm->f, subject_mount(rm->plan, root), -r, "cannot write-protect /");
        rm->inherited = mount_attribute_bits(root->attributes);
        r = copy_sources(rm, true);
        if (r < 0)
                return r;
        r = root_make_scratch(rm);
        return r < 0 ? fail(rm->f, -r, "cannot make files in memory%s", rm->reason.text) : 0;
}

/* Attaches the new root over the old one. */
static int begin_over(RootMaker *rm, const PlanMount *root) {
        int r = make_root(rm, root);

        if (r < 0)
                return fail_at(rm->f, subject_mount(rm->plan, root), -r, "cannot make a root from %s%s",
                               root->source.path ?: "an empty directory",
                                       *rm->reason.text ? rm->reason.text : failure_hint(-r));
        rm->new_root = r;

        /* Makes the old tree private, so that mounts made here do not propagate to the host. */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return fail(rm->f, errno, "cannot make the mounts private");
        rm->layers++;
        r = root_make_scratch(rm);
        if (r >= 0)
                r = mount_attach(rm->new_root, rm->old_root);
        return r < 0 ? fail(rm->f, -r, "cannot attach the new root%s", rm->reason.text) : 0;
}

static int begin(RootMaker *rm) {
        const PlanMount *root = &rm->plan->mounts[0];

        rm->old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (rm->old_root < 0)
                return fail(rm->f, errno, "cannot open /");
        return can_be_in_place(rm->plan) ? begin_in_place(rm, root) : begin_over(rm, root);
}

/* Goes to the new root, and leaves only that. */
static int finish(RootMaker *rm) {
        /* In place, the scratch alone is over the root. */
        const int top = rm->copies ? rm->scratch : rm->new_root;

        if ((top >= 0 && fchdir(top) < 0) || (!rm->copies && sys_pivot_root(".", ".") < 0))
                return fail(rm->f, errno, "cannot change to the new root");
        /* After pivot_root(2), the old root is stacked on the new one, and the layers between them on the old root. "."
         * is the new root, and umount2(".") detaches the top of the stack. */
        for (unsigned i = 0; i < rm->layers; i++)
                if (umount2(".", MNT_DETACH) < 0)
                        return fail(rm->f, errno, "cannot detach the old root");
        return chdir("/") < 0 ? fail(rm->f, errno, "cannot change to the directory /") : 0;
}

static void root_maker_deinit(RootMaker *rm) {
        const int fds[] = { rm->old_root, rm->new_root, rm->scratch, rm->blocked[0], rm->blocked[1], rm->empty };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fd_bin_add(&rm->spent, fds[i]);
        root_forget_parents(rm);
        for (size_t i = 0; rm->copies && i < rm->plan->n_mounts; i++)
                if (rm->copies[i] > 0)
                        fd_bin_add(&rm->spent, rm->copies[i]);
        free(rm->copies);
        fd_bin_empty(&rm->spent);
}

/* Whether m was left writable only so that mount points could be made in it. */
static bool is_to_be_sealed(const Plan *plan, const PlanMount *m) {
        return m->merge || m->kind == MOUNT_GRANT ||
               (m->kind == MOUNT_TMPFS && m->attributes.read_only && !is_empty(plan, m)) ||
               (m->kind == MOUNT_ROOT && m->source.kind == SOURCE_NONE);
}

static int seal(RootMaker *rm, const PlanMount *m) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        int fd = root_open_destination(rm, m->destination), r = 0;

        if (fd < 0)
                return root_mount_fail(rm, m, -fd, "open", m->destination);
        if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                r = root_mount_fail(rm, m, errno, "write-protect", m->destination);
        fd_bin_add(&rm->spent, fd);
        return r;
}

static int seal_all(RootMaker *rm) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < rm->plan->n_mounts; i++)
                if (is_to_be_sealed(rm->plan, &rm->plan->mounts[i]))
                        r = seal(rm, &rm->plan->mounts[i]);
        return r;
}

/* The cgroup tree is mounted later: root_finish(). */
static bool has_cgroup(const Plan *plan) {
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_CGROUP)
                        return true;
        return false;
}

int root_make(const Plan *plan, const int *id_mapped, int *ret_notify, Failure *f) {
        _cleanup_(root_maker_deinit) RootMaker rm = { .plan = plan, .f = f, .id_mapped = id_mapped, .old_root = -1,
                                                      .new_root = -1, .notify = ret_notify, .scratch = -1,
                                                      .blocked = { -1, -1 }, .empty = -1 };
        mode_t mask = umask(0);
        int r;

        r = begin(&rm);
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++) {
                r = do_mount(&rm, &plan->mounts[i]);
                if (r >= 0 && plan->mounts[i].merge)
                        r = do_merge(&rm, &plan->mounts[i]);
        }
        umask(mask);
        if (r >= 0 && !has_cgroup(plan))
                r = seal_all(&rm);
        return r < 0 ? r : finish(&rm);
}

int root_finish(const Plan *plan, Failure *f) {
        _cleanup_(root_maker_deinit) RootMaker rm = { .plan = plan, .f = f, .old_root = -1, .new_root = -1,
                                                      .scratch = -1, .blocked = { -1, -1 }, .empty = -1 };
        int r = 0;

        if (!has_cgroup(plan))
                return 0;
        rm.new_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (rm.new_root < 0)
                return fail(f, errno, "cannot open /");

        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_CGROUP)
                        r = do_filesystem(&rm, &plan->mounts[i], "cgroup2", NULL);
        return r < 0 ? r : seal_all(&rm);
}
