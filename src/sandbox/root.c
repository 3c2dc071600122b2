/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root is built from the plan's list, parents first:
 *
 * The host directory that becomes the root is cloned with all that is mounted below it, and the clone is made
 * read-only, nosuid, nodev and private at once, before it is attached anywhere: there is no moment at which the
 * payload's root is writable. It is attached over "/" of the (new) mount namespace; the sources of binds are still
 * reached by the old root, which this process keeps until pivot_root(2).
 *
 * Every source is opened once, with no symlink followed (the plan has resolved them), and what was opened is
 * mounted; every destination is looked up inside the new root, likewise without symlinks. So no path is checked first
 * and used later, and a symlink that appears meanwhile leads to an error, never to another place. */
#include "sandbox/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"

typedef struct RootBuild {
        const Plan *plan;
        Failure *f;
        int old_root, new_root;
        int blocked_file; /* a mount of an empty file without permissions */
        unsigned layers;  /* mounts stacked on "/" below the new root, the old one being the first */
} RootBuild;

static int mount_fail(RootBuild *rb, const PlanMount *m, int error, const char *what, const char *path) {
        return fail_at(rb->f, m->origin, m->key, error, "%s %s", what, path);
}

static int open_in(int root, const char *path, uint64_t flags, uint64_t resolve) {
        struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };
        int fd;

        /* -EAGAIN: somebody renamed something at the time (openat2(2)). */
        do
                fd = sys_openat2(root, path, &how);
        while (fd < 0 && errno == EAGAIN);
        return fd < 0 ? -errno : fd;
}

/* Relative to the directory: openat2(2) takes an absolute path as an absolute path but with RESOLVE_IN_ROOT. */
static const char *relative(const char *path) {
        return path[1] ? path + 1 : ".";
}

static int open_source(RootBuild *rb, const char *path) {
        return open_in(rb->old_root, relative(path), O_PATH, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

static int open_destination(RootBuild *rb, const char *path) {
        return open_in(rb->new_root, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

static int set_attributes(int mount_fd, const PlanMount *m) {
        struct mount_attr attr = {
                .attr_set = MOUNT_ATTR_NOSUID | (m->read_only ? MOUNT_ATTR_RDONLY : 0) |
                            (m->devices ? 0 : MOUNT_ATTR_NODEV) | (m->no_exec ? MOUNT_ATTR_NOEXEC : 0),
                .propagation = MS_PRIVATE,
        };
        unsigned flags = AT_EMPTY_PATH | (m->recursive ? AT_RECURSIVE : 0);

        return mount_setattr(mount_fd, "", flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

/* A detached copy of the mount at fd, with the attributes that m asks for. */
static int clone_mount(int fd, const PlanMount *m) {
        _cleanup_close_ int copy = -1;
        int r;

        copy = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (m->recursive ? AT_RECURSIVE : 0));
        if (copy < 0)
                return -errno;
        r = set_attributes(copy, m);
        return r < 0 ? r : TAKE_FD(copy);
}

/* Sets each of "key=value,flag,…" on a file system that is being configured. */
static int configure(int fs, const char *options) {
        _cleanup_free_ char *copy = strdup(options);
        char *position = NULL;

        if (!copy)
                return -ENOMEM;
        for (char *o = strtok_r(copy, ",", &position); o; o = strtok_r(NULL, ",", &position)) {
                char *value = strchr(o, '=');

                if (value)
                        *value++ = '\0';
                if (fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, o, value, 0) < 0)
                        return -errno;
        }
        return 0;
}

/* A new file system, detached. attributes: MOUNT_ATTR_*. */
static int make_filesystem(const char *type, const char *options, unsigned attributes) {
        _cleanup_close_ int fs = fsopen(type, FSOPEN_CLOEXEC);
        int r, fd;

        if (fs < 0)
                return -errno;
        r = options ? configure(fs, options) : 0;
        if (r < 0)
                return r;
        if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        fd = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
        return fd < 0 ? -errno : fd;
}

int root_open_proc(void) {
        return make_filesystem("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static int attach(int mount_fd, int destination) {
        return move_mount(mount_fd, "", destination, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno
                                                                                                              : 0;
}

/* Opens the parent of a path inside, making the directories that are missing, which the plan has seen to be in
 * memory. */
static int open_parent(RootBuild *rb, const char *path) {
        _cleanup_close_ int dir = -1;
        _cleanup_free_ char *parent = path_parent(path), *step = NULL;
        char *p;

        if (!parent)
                return -ENOMEM;
        dir = open_destination(rb, parent);
        if (dir != -ENOENT)
                return TAKE_FD(dir);

        step = strdup(parent);
        dir = open_destination(rb, "/");
        for (p = step ? step + 1 : NULL; p && dir >= 0;) {
                char *slash = strchr(p, '/');
                int next;

                if (slash)
                        *slash = '\0';
                next = open_destination(rb, step);
                if (next == -ENOENT) {
                        if (mkdirat(dir, p, 0755) < 0)
                                return -errno;
                        next = open_destination(rb, step);
                }
                fd_close(dir);
                dir = next;
                if (!slash)
                        break;
                *slash = '/';
                p = slash + 1;
        }
        return step ? TAKE_FD(dir) : -ENOMEM;
}

/* Makes the place that a mount goes to, and opens it. */
static int make_place(RootBuild *rb, const PlanMount *m) {
        const char *name = path_name(m->destination);
        _cleanup_close_ int parent = -1, fd = -1;

        if (m->exact)
                return open_destination(rb, m->destination);

        parent = open_parent(rb, m->destination);
        if (parent < 0)
                return TAKE_FD(parent);
        if (m->directory) {
                if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
                        return -errno;
        } else {
                fd = openat(parent, name, O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
                if (fd < 0)
                        return -errno;
        }
        return open_in(parent, name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static int place(RootBuild *rb, const PlanMount *m, int mount_fd) {
        _cleanup_close_ int destination = make_place(rb, m);
        int r = destination < 0 ? destination : attach(mount_fd, destination);

        return r < 0 ? mount_fail(rb, m, -r, "mounting on", m->destination) : 0;
}

static int do_bind(RootBuild *rb, const PlanMount *m) {
        _cleanup_close_ int source = open_source(rb, m->source), copy = -1;
        int r = source;

        if (r >= 0) {
                copy = clone_mount(source, m);
                r = copy;
        }
        return r < 0 ? mount_fail(rb, m, -r, "binding", m->source) : place(rb, m, copy);
}

static int do_filesystem(RootBuild *rb, const PlanMount *m, const char *type) {
        /* A tmpfs is made read-only at the end: others may have their places in it. */
        bool read_only = m->read_only && m->kind != MOUNT_TMPFS;
        _cleanup_close_ int fd = make_filesystem(
                type, m->options,
                MOUNT_ATTR_NOSUID | (m->devices ? 0 : MOUNT_ATTR_NODEV) | (read_only ? MOUNT_ATTR_RDONLY : 0) |
                        (m->no_exec || m->kind != MOUNT_TMPFS ? MOUNT_ATTR_NOEXEC : 0));

        if (fd == -EPERM && m->kind == MOUNT_PROC)
                return fail_at(rb->f, m->origin, m->key, EPERM,
                               "a new /proc is refused: the one of this system is masked, as containers do it; run "
                               "isorun outside, or under isorun's Nesting=yes");
        if (fd < 0)
                return mount_fail(rb, m, -fd, "making a file system for", m->destination);
        return place(rb, m, fd);
}

static int do_directory(RootBuild *rb, const PlanMount *m) {
        _cleanup_close_ int parent = open_parent(rb, m->destination);

        if (parent < 0)
                return mount_fail(rb, m, -parent, "opening the parent of", m->destination);
        /* In two steps, since the caller's umask applies to the first. */
        if (mkdirat(parent, path_name(m->destination), m->mode) < 0 ||
            fchmodat(parent, path_name(m->destination), m->mode, 0) < 0)
                return mount_fail(rb, m, errno, "making", m->destination);
        if (rb->plan->set_ids &&
            fchownat(parent, path_name(m->destination), rb->plan->uid, rb->plan->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return mount_fail(rb, m, errno, "making", m->destination);
        return 0;
}

static int do_symlink(RootBuild *rb, const PlanMount *m) {
        _cleanup_close_ int parent = open_parent(rb, m->destination);

        if (parent < 0)
                return mount_fail(rb, m, -parent, "opening the parent of", m->destination);
        if (symlinkat(m->source, parent, path_name(m->destination)) < 0)
                return mount_fail(rb, m, errno, "making", m->destination);
        return 0;
}

/* An empty file that none may open, to be mounted over files: it needs a mounted file system to stand in, which is
 * put over the old root before the new one is, and goes with it. */
static int make_blocked_file(RootBuild *rb) {
        _cleanup_close_ int fs = -1, file = -1;
        int r;

        fs = make_filesystem("tmpfs", "mode=755,size=4k", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        if (fs < 0)
                return fs;
        r = attach(fs, rb->old_root);
        if (r < 0)
                return r;
        rb->layers++;
        file = openat(fs, "blocked", O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);
        if (file < 0)
                return -errno;
        rb->blocked_file = openat(fs, "blocked", O_PATH | O_CLOEXEC);
        return rb->blocked_file < 0 ? -errno : 0;
}

static int do_blocked(RootBuild *rb, const PlanMount *m) {
        _cleanup_close_ int fd = -1;

        if (m->directory)
                fd = make_filesystem("tmpfs", "mode=0,size=4k",
                                     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY);
        else
                fd = clone_mount(rb->blocked_file, m);
        return fd < 0 ? mount_fail(rb, m, -fd, "hiding", m->destination) : place(rb, m, fd);
}

static bool needs_blocked_file(const Plan *plan) {
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_BLOCKED && !plan->mounts[i].directory)
                        return true;
        return false;
}

/* One entry of a directory that is being merged: mounted, or as a symlink made again, in the new one. */
static int merge_entry(RootBuild *rb, const PlanMount *m, int from, int to, const char *name) {
        _cleanup_free_ char *path = path_join(m->destination, name), *target = NULL;
        const PlanMount attributes = { .read_only = true, .recursive = true };
        _cleanup_close_ int entry = -1, copy = -1, place_fd = -1;
        const PlanMount *planned;
        struct stat st;

        if (!path)
                return -ENOMEM;
        entry = open_in(from, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH);
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
        /* What the plan mounts there anyway need not be mounted twice; a merge is of what is there. */
        planned = plan_find_mount(rb->plan, path);
        if (S_ISDIR(st.st_mode) && planned && planned->kind != MOUNT_MERGE)
                return 0;

        copy = clone_mount(entry, &attributes);
        if (copy < 0)
                return copy;
        place_fd = open_in(to, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH);
        return place_fd < 0 ? place_fd : attach(copy, place_fd);
}

static int merge_entries(RootBuild *rb, const PlanMount *m, int from, int to) {
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
                        r = merge_entry(rb, m, from, to, e->d_name);
        closedir(dir);
        return r;
}

/* Puts a small file system in memory over a directory, with a bind of each thing that was in it. */
static int do_merge(RootBuild *rb, const PlanMount *m) {
        _cleanup_close_ int from = open_destination(rb, m->destination), to = -1;
        int r = from;

        if (r >= 0) {
                to = make_filesystem("tmpfs", "mode=755,size=1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
                r = to;
        }
        if (r >= 0)
                r = attach(to, from);
        if (r >= 0)
                r = merge_entries(rb, m, from, to);
        if (r < 0)
                return mount_fail(rb, m, -r, "adding to", m->destination);

        if (streq(m->destination, "/")) {
                fd_close(rb->new_root);
                rb->new_root = TAKE_FD(to);
                rb->layers++;
        }
        return 0;
}

static int do_mount(RootBuild *rb, const PlanMount *m) {
        switch (m->kind) {
        case MOUNT_BIND:
                return do_bind(rb, m);
        case MOUNT_TMPFS:
                return do_filesystem(rb, m, "tmpfs");
        case MOUNT_PROC:
                return do_filesystem(rb, m, "proc");
        case MOUNT_DEVPTS:
                return do_filesystem(rb, m, "devpts");
        case MOUNT_DIRECTORY:
                return do_directory(rb, m);
        case MOUNT_SYMLINK:
                return do_symlink(rb, m);
        case MOUNT_BLOCKED:
                return do_blocked(rb, m);
        case MOUNT_ROOT:
        case MOUNT_MERGE:
        case MOUNT_CGROUP: /* root_finish() */
                return 0;
        }
        return -EINVAL;
}

/* Attaches the clone of the root. */
static int begin(RootBuild *rb, const PlanMount *root) {
        _cleanup_close_ int source = -1;
        int r;

        rb->old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (rb->old_root < 0)
                return fail(rb->f, errno, "opening /");

        source = open_source(rb, root->source);
        r = source < 0 ? source : clone_mount(source, root);
        if (r < 0)
                return mount_fail(rb, root, -r, "cloning", root->source);
        rb->new_root = r;

        /* All of the old tree turns private, so that nothing that is mounted here spreads. */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return fail(rb->f, errno, "making the mounts private");

        r = needs_blocked_file(rb->plan) ? make_blocked_file(rb) : 0;
        if (r >= 0)
                r = attach(rb->new_root, rb->old_root);
        return r < 0 ? fail(rb->f, -r, "attaching the new root") : 0;
}

static int pivot(RootBuild *rb) {
        if (fchdir(rb->new_root) < 0 || sys_pivot_root(".", ".") < 0)
                return fail(rb->f, errno, "pivot_root");
        /* The old root is stacked on the new one now, and on it what lay between the two: "." is the new one, and
         * what umount2(2) finds there the topmost of the stack. */
        for (unsigned i = 0; i < rb->layers; i++)
                if (umount2(".", MNT_DETACH) < 0)
                        return fail(rb->f, errno, "detaching the old root");
        return chdir("/") < 0 ? fail(rb->f, errno, "chdir /") : 0;
}

static void root_build_deinit(RootBuild *rb) {
        fd_close(rb->old_root);
        fd_close(rb->new_root);
        fd_close(rb->blocked_file);
}

int root_build(const Plan *plan, Failure *f) {
        _cleanup_(root_build_deinit) RootBuild rb = { .plan = plan, .f = f, .old_root = -1, .new_root = -1,
                                                      .blocked_file = -1, .layers = 1 };
        mode_t mask = umask(0);
        int r;

        r = begin(&rb, &plan->mounts[0]);
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++) {
                r = do_mount(&rb, &plan->mounts[i]);
                if (r >= 0 && plan->mounts[i].merge)
                        r = do_merge(&rb, &plan->mounts[i]);
        }
        umask(mask);
        return r < 0 ? r : pivot(&rb);
}

static int seal(RootBuild *rb, const PlanMount *m) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        _cleanup_close_ int fd = open_destination(rb, m->destination);

        if (fd < 0)
                return mount_fail(rb, m, -fd, "opening", m->destination);
        if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return mount_fail(rb, m, errno, "making read-only", m->destination);
        return 0;
}

int root_finish(const Plan *plan, Failure *f) {
        _cleanup_(root_build_deinit) RootBuild rb = { .plan = plan, .f = f, .old_root = -1, .blocked_file = -1 };
        int r = 0;

        rb.new_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (rb.new_root < 0)
                return fail(f, errno, "opening /");

        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_CGROUP)
                        r = do_filesystem(&rb, &plan->mounts[i], "cgroup2");
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                if (plan->mounts[i].merge || (plan->mounts[i].kind == MOUNT_TMPFS && plan->mounts[i].read_only))
                        r = seal(&rb, &plan->mounts[i]);
        return r;
}
