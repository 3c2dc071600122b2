/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root is made from the plan's list of mounts, parents first.
 *
 * Where the host's / is the root, the new root is the copy of it that the mount namespace began with: in-place.c.
 * Else it is a clone of a host directory with the mounts below it, or a stack of directories, or an empty tmpfs. It is
 * attached over "/" of the new mount namespace. This process still reaches the sources of binds through an fd of the
 * old root, which it keeps until pivot_root(2).
 *
 * The root is read-only, nosuid, nodev and private before anything is made in it, so the payload's root is never
 * writable (only isoctl build asks for a root that it can write). An empty tmpfs, and a directory that needs new
 * entries, is made read-only after all mount points are made in it: seal_all(). The payload starts after that.
 *
 * Every source is looked up once without following symlinks (the plan has resolved them), and what is found is mounted.
 * Every destination is looked up inside the new root, also without symlinks. So no path is first checked and then used,
 * and a symlink that appears in between causes an error but never leads to another place. Fds are opened so with
 * openat2(2). Calls that take a path have no such flag: they get one only while no mount lets them follow a symlink, in
 * place. */
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

unsigned root_count_fds(const Plan *plan) {
        enum { OTHERS = 24 };
        const size_t places = 2 * plan->n_mounts, most = FD_BIN_MAX + ROOT_BINDS_MAX;
        unsigned copies = 0;

        for (size_t i = 0; i < plan->n_mounts; i++)
                copies += plan->mounts[i].kind == MOUNT_BIND;
        if (root_can_be_guarded(plan))
                return copies + OTHERS;
        return (unsigned) (places < most ? places : most) + OTHERS;
}

int root_open_proc(MountReason *ret_reason) {
        return mount_make("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, ret_reason);
}

static int do_bind(RootMaker *rm, const PlanMount *m) {
        int *copied = rm->copies ? &rm->copies[m - rm->plan->mounts] : NULL, fd, r;

        if (copied && *copied == 0)
                return root_bind_covered(rm, m);
        fd = copied ? *copied : root_make_bind(rm, m, m->attributes);
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
        int fd, r;

        if (like && streq(like->options, m->options) &&
            mount_attribute_bits(like->attributes) == mount_attribute_bits(m->attributes))
                return root_place_copy(rm, m, rm->empty, rm->empty_name);
        if (rm->guard && root_make_empty(rm, m) >= 0)
                return root_place_copy(rm, m, rm->empty, rm->empty_name);
        fd = mount_make("tmpfs", m->options, mount_attribute_bits(m->attributes) | rm->guard, &rm->reason);
        if (fd < 0)
                return root_mount_fail(rm, m, -fd, "make a file system for", m->destination);
        r = root_place(rm, m, fd);
        if (!rm->guard && r >= 0) {
                fd_bin_add(&rm->spent, rm->empty);
                rm->empty = TAKE_FD(fd);
                rm->empty_like = m;
        }
        fd_bin_add(&rm->spent, fd);
        return r;
}

/* Mounts a file system with few system calls. Returns 0, or -errno without a reason. */
static int mount_quickly(RootMaker *rm, const PlanMount *m, const char *type, MountAttributes attributes) {
        if (attributes.read_only)
                return -EOPNOTSUPP; /* mount(2) would make the file system read-only, not only the mount */
        return root_mount(rm, m, -1, "none", type, mount_attribute_flags(attributes), m->options);
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
        fd = mount_make(type, options, mount_attribute_bits(attributes) | rm->guard, &rm->reason);
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

/* Opens the mount that was made for m. Returns the fd or -errno, kept in rm->f. */
static int open_mount(RootMaker *rm, const PlanMount *m) {
        int fd = root_open_destination(rm, m->destination);

        return fd < 0 ? root_mount_fail(rm, m, -fd, "open", m->destination) : fd;
}

static int make_proc(RootMaker *rm, const PlanMount *m, MountAttributes attributes) {
        int fd = mount_make("proc", m->options, mount_attribute_bits(attributes), &rm->reason);

        if (fd == -EPERM)
                return fail_at(rm->f, subject_mount(rm->plan, m), EPERM,
                               "the kernel refuses a new /proc, because parts of the present one are covered, as in a "
                               "container: run isorun outside it, or in a sandbox with Nesting=yes");
        return fd < 0 ? root_mount_fail(rm, m, -fd, "make a file system for", m->destination) : fd;
}

static int do_proc(RootMaker *rm, const PlanMount *m) {
        MountAttributes attributes = m->attributes;
        bool placed;
        int fd, r;

        attributes.read_only = false;
        attributes.no_exec = true;
        placed = rm->guard && mount_quickly(rm, m, "proc", attributes) >= 0;
        fd = placed ? open_mount(rm, m) : make_proc(rm, m, attributes);
        if (fd < 0)
                return fd;
        r = write_limits(rm, m, fd);
        if (r >= 0) {
                attributes.read_only = m->attributes.read_only;
                r = mount_set_attributes(fd, attributes);
                r = r < 0 ? root_mount_fail(rm, m, -r, "write-protect", m->destination) : 0;
        }
        if (r >= 0 && !placed)
                r = root_place(rm, m, fd);
        fd_bin_add(&rm->spent, fd);
        return r;
}

static int do_directory(RootMaker *rm, const PlanMount *m) {
        const Plan *plan = rm->plan;
        RootName at;
        int r = root_make_entry(rm, m, &at);

        /* If the parent is on disk, its default ACL or set-group-id bit can change the mode that mkdirat(2) gives. */
        if (r >= 0 && !plan->mounts[0].attributes.read_only && fchmodat(at.directory, at.name, m->mode, 0) < 0)
                r = -errno;
        if (r >= 0 && plan->set_owner &&
            fchownat(at.directory, at.name, plan->owner_uid, plan->owner_gid, AT_SYMLINK_NOFOLLOW) < 0)
                r = -errno;
        return r < 0 ? root_mount_fail(rm, m, -r, "create", m->destination) : 0;
}

static int do_symlink(RootMaker *rm, const PlanMount *m) {
        RootName at;
        int r = root_make_entry(rm, m, &at);

        return r < 0 ? root_mount_fail(rm, m, -r, "create", m->destination) : 0;
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
                to = mount_make("tmpfs", "mode=755,size=1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | rm->guard,
                                &rm->reason);
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
        copy = root_make_bind(rm, root, read_only);
        if (copy >= 0 && !root->attributes.read_only && mount_setattr(copy, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return -errno;
        return TAKE_FD(copy);
}

/* Makes the new root as a detached mount. Returns the fd or -errno. */
static int make_root(RootMaker *rm, const PlanMount *root) {
        if (root->source.kind == SOURCE_NONE)
                return mount_make("tmpfs", "mode=755,size=1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &rm->reason);
        if (root->source.kind == SOURCE_LAYERS || plan_mount_is_overlay(root))
                return root_make_stack(rm, root);
        return bind_root(rm, root);
}

static int keep_root(RootMaker *rm, const PlanMount *root) {
        int r = make_root(rm, root);

        if (r < 0)
                return fail_at(rm->f, subject_mount(rm->plan, root), -r, "cannot make a root from %s%s",
                               root->source.path ?: "an empty directory",
                               *rm->reason.text ? rm->reason.text : failure_hint(-r));
        rm->new_root = r;
        return 0;
}

/* Attaches the new root over the old one. A container image may need the scratch, or be attached at first. Other roots
 * may be a copy of the old one, in which the scratch must not be. */
static int begin_over(RootMaker *rm, const PlanMount *root) {
        const bool is_image = rm->plan->layers_lock > 0;
        int r = is_image ? 0 : keep_root(rm, root);

        if (r < 0)
                return r;
        /* Makes the old tree private, so that mounts made here do not propagate to the host. */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return fail(rm->f, errno, "cannot make the mounts private");
        rm->layers++;
        r = root_make_scratch(rm);
        if (r >= 0 && is_image) {
                r = keep_root(rm, root);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = mount_attach(rm->new_root, rm->old_root);
        return r < 0 ? fail(rm->f, -r, "cannot attach the new root%s", rm->reason.text) : 0;
}

static int begin(RootMaker *rm) {
        const PlanMount *root = &rm->plan->mounts[0];

        rm->old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (rm->old_root < 0)
                return fail(rm->f, errno, "cannot open /");
        return root_can_be_in_place(rm->plan) ? root_begin_in_place(rm) : begin_over(rm, root);
}

/* Goes to the new root, and leaves only that. */
static int finish(RootMaker *rm) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        /* In place, nothing but the scratch can be over the root. */
        const int top = rm->copies ? rm->scratch : rm->new_root;

        if (rm->layers == 0 && rm->scratch >= 0 &&
            mount_setattr(rm->scratch, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return fail(rm->f, errno, "cannot write-protect the files in memory");
        if ((rm->layers > 0 && fchdir(top) < 0) || (!rm->copies && sys_pivot_root(".", ".") < 0))
                return fail(rm->f, errno, "cannot change to the new root");
        /* After pivot_root(2), the old root is stacked on the new one, and the layers between them on the old root. "."
         * is the new root, and umount2(".") detaches the top of the stack. */
        for (unsigned i = 0; i < rm->layers; i++)
                if (umount2(".", MNT_DETACH) < 0)
                        return fail(rm->f, errno, "cannot detach the old root");
        return chdir("/") < 0 ? fail(rm->f, errno, "cannot change to the directory /") : 0;
}

static void root_maker_deinit(RootMaker *rm) {
        const int old_root = rm->old_root == rm->new_root ? -1 : rm->old_root;
        const int fds[] = { old_root, rm->new_root, rm->scratch, rm->blocked[0], rm->blocked[1], rm->empty };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fd_bin_add(&rm->spent, fds[i]);
        for (unsigned i = 0; i < rm->n_covered; i++)
                fd_bin_add(&rm->spent, rm->covered[i].fd);
        root_forget_parents(rm);
        for (size_t i = 0; rm->copies && i < rm->plan->n_mounts; i++)
                if (rm->copies[i] > 0)
                        fd_bin_add(&rm->spent, rm->copies[i]);
        if (rm->copies != rm->few_copies)
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
        int fd, r = 0;

        if (rm->guard && mount_setattr(rm->new_root, root_relative(m->destination), 0, &attr, sizeof(attr)) >= 0)
                return 0;
        fd = open_mount(rm, m);
        if (fd < 0)
                return fd;
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
        if (r >= 0)
                r = root_drop_guard(&rm);
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
