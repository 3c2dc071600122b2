/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the root that are in memory: files with a text, empty files and directories that hide others, and
 * overlays.
 *
 * A file can only be bound from a mounted file system, and the upper directory of an overlay must be on one. For both
 * there is a scratch tmpfs. It is attached over the old root before the new root is, which then covers it. The old root
 * can still be used: a lookup from a process's root directory does not cross to mounts on top of it. The scratch tmpfs
 * is detached with the old root; clones of its files stay.
 *
 * To detach a mount, the kernel waits for a grace period. So where the root is made in place, the scratch is put where
 * the plan mounts something later, if it can, and stays there: that mount covers it, and nothing inside may unmount. */
#include "sandbox/root/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/root/mount.h"
#include "util/fd.h"

enum { CREDENTIAL_MAX = 1024 * 1024 }; /* as for systemd's credentials: systemd.exec(5) */

static bool needs_scratch(const RootMaker *rm) {
        for (size_t i = 0; i < rm->plan->n_mounts; i++) {
                const PlanMount *m = &rm->plan->mounts[i];

                if (m->kind == MOUNT_FILE || m->kind == MOUNT_COPY || plan_mount_is_overlay(m) ||
                    m->kind == MOUNT_BLOCKED || (rm->guard && m->kind == MOUNT_TMPFS && m->attributes.read_only))
                        return true;
        }
        return false;
}

/* Whether this is the tmpfs of mount_scratch(). It has one inode: a directory of another tmpfs would be a second one
 * there. */
static bool is_new_scratch(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 && fs.f_type == TMPFS_MAGIC && fs.f_files - fs.f_ffree == 1 &&
               fs.f_blocks * (uint64_t) fs.f_bsize == UINT64_C(64) << 20;
}

/* Who owns the directory that a place is in may move it between the calls. */
static int mount_scratch(RootMaker *rm, const char *place, const char *path) {
        _cleanup_close_ int fd = -1;

        if (mount("none", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64M") < 0)
                return -errno;
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (!streq(place, "/") && !is_new_scratch(fd))
                return -ESTALE;
        rm->scratch = TAKE_FD(fd);
        return root_go_to(rm, rm->scratch);
}

/* A directory of the host that the plan covers. */
static const char *find_covered(const Plan *plan) {
        for (size_t i = 1; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_TMPFS && plan->mounts[i].place == PLACE_EXISTS)
                        return plan->mounts[i].destination;
        return NULL;
}

/* A lookup of ".." in a process's root directory, which is where it ends, does cross to the mount on top of it. */
int root_make_scratch(RootMaker *rm) {
        const char *covered = rm->guard && !rm->plan->may_mount ? find_covered(rm->plan) : NULL;
        int r;

        if (!needs_scratch(rm))
                return 0;
        if (covered && mount_scratch(rm, covered, covered) >= 0)
                return 0;
        r = mount_scratch(rm, "/", "/..");
        if (r >= 0)
                rm->layers++;
        return r;
}

static int open_scratch(const RootMaker *rm, const char *name) {
        int fd = openat(rm->scratch, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* Makes a scratch file with this text, and opens it with O_PATH. Returns the fd or -errno. */
static int make_file(RootMaker *rm, const PlanMount *m, const char *text, size_t size) {
        _cleanup_close_ int fd = -1;
        char name[16];
        ssize_t n;

        snprintf(name, sizeof(name), "%u", rm->n_scratch++);
        fd = openat(rm->scratch, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        n = write(fd, text, size);
        if (n < 0 || (size_t) n != size)
                return n < 0 ? -errno : -ENOSPC;
        if (rm->plan->set_owner && fchown(fd, rm->plan->owner_uid, rm->plan->owner_gid) < 0)
                return -errno;
        return fchmod(fd, m->mode) < 0 ? -errno : open_scratch(rm, name);
}

/* Makes a tmpfs and attaches it in the scratch. Returns its fd or -errno. */
static int make_memory(RootMaker *rm, const char *options) {
        _cleanup_close_ int fs = -1, place = -1;
        char name[16];
        int r;

        fs = mount_make("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &rm->reason);
        if (fs < 0)
                return fs;
        snprintf(name, sizeof(name), "%u", rm->n_scratch++);
        if (mkdirat(rm->scratch, name, 0700) < 0)
                return -errno;
        place = open_scratch(rm, name);
        r = place < 0 ? place : mount_attach(fs, place);
        return r < 0 ? r : TAKE_FD(fs);
}

static int place_file(RootMaker *rm, const PlanMount *m, const char *text, size_t size) {
        _cleanup_close_ int file = make_file(rm, m, text, size), copy = -1;

        copy = file < 0 ? file : mount_clone(file, m->attributes);
        return copy < 0 ? root_mount_fail(rm, m, -copy, "create", m->destination) : root_place(rm, m, copy);
}

/* Reads a host file for a copy. It must be a regular file of limited size, so that the read ends. Root may read files
 * that the payload may not: a copy for everybody is not of one of those, even if it has taken the place of the file
 * that the plan has seen. */
static int read_source(RootMaker *rm, const PlanMount *m, char **ret, size_t *ret_size) {
        _cleanup_close_ int source = root_open_source(rm, m->source.path, 0), fd = -1;
        struct stat st;

        fd = source < 0 ? source : fd_open_regular(source);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (m->mode & S_IROTH && !(st.st_mode & S_IROTH))
                return -EACCES;
        return st.st_size > CREDENTIAL_MAX ? -EFBIG : fd_read_all(fd, ret, ret_size);
}

int root_do_file(RootMaker *rm, const PlanMount *m) {
        return place_file(rm, m, m->text, strlen(m->text));
}

int root_do_copy(RootMaker *rm, const PlanMount *m) {
        _cleanup_free_ char *read = NULL;
        size_t size;
        int r = read_source(rm, m, &read, &size);

        if (r == -EINVAL)
                rm->reason = (MountReason) { " (it is not a regular file)" };
        return r < 0 ? root_mount_fail(rm, m, -r, "read", m->source.path) : place_file(rm, m, read, size);
}

static const char *blocked_name(bool directory) {
        return directory ? "hidden-directory" : "hidden-file";
}

/* Makes an empty file or directory in the scratch, and a mount of it. The payload does not own it, so it cannot change
 * the mode. */
static int make_blocked(RootMaker *rm, bool directory) {
        const MountAttributes attributes = { .read_only = true, .no_exec = true };
        const char *name = blocked_name(directory);
        _cleanup_close_ int copy = -1;
        int r;

        if ((directory ? mkdirat(rm->scratch, name, 0) : mknodat(rm->scratch, name, S_IFREG, 0)) < 0 && errno != EEXIST)
                return -errno;
        copy = open_tree(rm->scratch, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
        r = copy < 0 ? -errno : mount_set_attributes(copy, attributes);
        if (r >= 0 && rm->guard)
                r = mount_attach_at(copy, rm->scratch, name);
        return r < 0 ? r : TAKE_FD(copy);
}

/* Only a mount that is attached can be copied. So if the place of the first one is gone, the next one is made anew. */
static int place_first(RootMaker *rm, const PlanMount *m, int *first) {
        int r = root_place(rm, m, *first);

        if (r > 0) {
                fd_bin_add(&rm->spent, *first);
                *first = -1;
        }
        return r;
}

/* One file and one directory hide all others. The first mount of it has its attributes when it is attached; the others
 * are copies of that mount. */
int root_do_blocked(RootMaker *rm, const PlanMount *m) {
        int *first = &rm->blocked[m->on_directory];

        if (*first < 0) {
                *first = make_blocked(rm, m->on_directory);
                if (*first < 0)
                        return root_mount_fail(rm, m, -*first, "hide", m->destination);
                if (!rm->guard)
                        return place_first(rm, m, first);
        }
        return root_place_copy(rm, m, *first, blocked_name(m->on_directory));
}

/* With mount(2), the file system is read-only, too. */
int root_make_empty(RootMaker *rm, const PlanMount *m) {
        char *name = rm->empty_name;

        snprintf(name, sizeof(rm->empty_name), "%u", rm->n_scratch++);
        if (mkdirat(rm->scratch, name, 0700) < 0 || root_go_to(rm, rm->scratch) < 0 ||
            mount("none", name, "tmpfs", mount_attribute_flags(m->attributes), m->options) < 0)
                return -errno;
        rm->empty_like = m;
        return 0;
}

/* overlayfs takes its directories by path. A name in /proc/self/fd, where make_overlay() is, leads to an open
 * directory, whatever its own path is. */
static int set_layer(RootMaker *rm, int fs, const char *key, const int *fds, size_t n) {
        char value[256];
        size_t used = 0;

        for (size_t i = 0; i < n; i++) {
                used += (size_t) snprintf(value + used, sizeof(value) - used, "%s%d", i ? ":" : "", fds[i]);
                if (used >= sizeof(value))
                        return -E2BIG;
        }
        return fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) < 0 ? mount_refused(fs, &rm->reason) : 0;
}

static bool is_overlay(int fd) {
        struct statfs st;

        return fstatfs(fd, &st) >= 0 && st.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* EINVAL without a message can mean that the overlays would be stacked too deep (FILESYSTEM_MAX_STACK_DEPTH). */
static int create_overlay(RootMaker *rm, int fs, const int *lower, size_t n) {
        int r = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? mount_refused(fs, &rm->reason) : 0;

        if (r == -ELOOP && !*rm->reason.text)
                rm->reason = (MountReason) { " (two of the layers are the same directory, or one contains another)" };
        for (size_t i = 0; r == -EINVAL && !*rm->reason.text && i < n; i++)
                if (is_overlay(lower[i]))
                        rm->reason = (MountReason) { " (the kernel stacks at most two overlays, and the source is "
                                                     "already on an overlay)" };
        return r;
}

static int set_layers(RootMaker *rm, int fs, const int *lower, size_t n, int upper, int work) {
        int r = set_layer(rm, fs, "lowerdir", lower, n);

        if (r >= 0 && upper >= 0)
                r = set_layer(rm, fs, "upperdir", &upper, 1);
        if (r >= 0 && work >= 0)
                r = set_layer(rm, fs, "workdir", &work, 1);
        return r;
}

/* The names of the layers are short there, so that one option takes many. finish() of root.c leaves the directory. */
static int go_to_fds(void) {
        return chdir("/proc/self/fd") < 0 ? -errno : 0;
}

/* overlayfs prefers xattrs that need CAP_SYS_ADMIN in the initial user namespace ("trusted.*"). In another user
 * namespace, it must use "user.*", and the layers of a container image have these. */
static bool uses_user_xattrs(const Plan *plan) {
        return plan->uid_map.n || plan->layers_lock > 0;
}

/* Makes an overlay of few directories. */
static int make_small_overlay(RootMaker *rm, const int *lower, size_t n, int upper, int work, unsigned attributes) {
        _cleanup_close_ int fs = fsopen("overlay", FSOPEN_CLOEXEC);
        int r, fd;

        if (fs < 0)
                return -errno;
        r = set_layers(rm, fs, lower, n, upper, work);
        if (r < 0)
                return r;
        if (uses_user_xattrs(rm->plan) && fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
                return mount_refused(fs, &rm->reason);
        r = create_overlay(rm, fs, lower, n);
        if (r < 0)
                return r;
        fd = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
        return fd < 0 ? mount_refused(fs, &rm->reason) : fd;
}

/* Writes the options of mount(2). Returns 0 or -E2BIG. */
static int write_options(const Plan *plan, const int *lower, size_t n, int upper, int work, char *ret, size_t size) {
        size_t used = (size_t) snprintf(ret, size, "lowerdir=");

        for (size_t i = 0; used < size && i < n; i++)
                used += (size_t) snprintf(ret + used, size - used, "%s%d", i ? ":" : "", lower[i]);
        if (used < size && upper >= 0)
                used += (size_t) snprintf(ret + used, size - used, ",upperdir=%d,workdir=%d", upper, work);
        if (used < size && uses_user_xattrs(plan))
                used += (size_t) snprintf(ret + used, size - used, ",userxattr");
        return used < size ? 0 : -E2BIG;
}

/* Makes an overlay of many directories. An option of fsconfig(2) has less than 256 bytes, and those of mount(2) have a
 * page (lowerdir+ is only there since Linux 6.8). What mount(2) has made is attached, over the old root: the mounts
 * must be private by now. finish() of root.c detaches it. */
static int make_large_overlay(RootMaker *rm, const int *lower, size_t n, int upper, int work,
                              MountAttributes attributes) {
        _cleanup_close_ int fd = -1;
        char options[4096];
        int r = write_options(rm->plan, lower, n, upper, work, options, sizeof(options));

        if (r < 0)
                return r;
        if (mount("overlay", "/", "overlay", mount_attribute_flags(attributes), options) < 0)
                return -errno;
        rm->layers++;
        fd = open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : mount_copy(fd, false);
}

/* Makes an overlay as a detached mount. lower has n directories, the highest first; upper and work are -1 for a
 * read-only overlay. Returns the fd or -errno. */
static int make_overlay(RootMaker *rm, const int *lower, size_t n, int upper, int work, MountAttributes attributes) {
        enum { FEW = 60 }; /* "3:4:…:100" has less than 256 bytes */
        int r = go_to_fds();

        if (r < 0)
                return r;
        rm->directory = 0;
        return n > FEW ? make_large_overlay(rm, lower, n, upper, work, attributes)
                       : make_small_overlay(rm, lower, n, upper, work, mount_attribute_bits(attributes));
}

/* Makes the upper and the work directory of an overlay. The upper one gets the mode and the owner of the lower one. */
static int make_upper(RootMaker *rm, int memory, int lower, int *ret_upper, int *ret_work) {
        const Plan *plan = rm->plan;
        struct stat st;
        bool absent;

        if (fstat(lower, &st) < 0 || mkdirat(memory, "upper", 0700) < 0 || mkdirat(memory, "work", 0700) < 0)
                return -errno;
        *ret_upper = openat(memory, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *ret_work = openat(memory, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*ret_upper < 0 || *ret_work < 0)
                return -errno;
        /* fchown(2) fails for an owner that has no id in this user namespace. With an inner user namespace, the caller
         * has an id here, but not in the inner one. In both cases the payload becomes the owner. */
        absent = plan->inner_uid_map.n && st.st_uid == geteuid();
        if ((absent || fchown(*ret_upper, st.st_uid, st.st_gid) < 0) && plan->set_owner &&
            fchown(*ret_upper, plan->owner_uid, plan->owner_gid) < 0)
                return -errno;
        return fchmod(*ret_upper, st.st_mode & 0777) < 0 ? -errno : 0;
}

/* Makes an overlay whose changes stay in memory. */
static int make_changeable(RootMaker *rm, const int *lower, size_t n, const PlanMount *m) {
        _cleanup_close_ int memory = make_memory(rm, m->options), upper = -1, work = -1;
        int r = memory < 0 ? memory : make_upper(rm, memory, lower[0], &upper, &work);

        return r < 0 ? r : make_overlay(rm, lower, n, upper, work, m->attributes);
}

int root_make_stack(RootMaker *rm, const PlanMount *m) {
        char *const none[] = { NULL }, *const *lower = m->source.lower ?: none;
        int fds[IMAGE_LAYERS_MAX], r = -E2BIG;
        size_t n = 0;

        fds[n++] = root_open_source(rm, m->source.path, O_DIRECTORY);
        for (char *const *l = lower; *l && n < IMAGE_LAYERS_MAX && fds[n - 1] >= 0; l++)
                fds[n++] = root_open_source(rm, *l, O_DIRECTORY);
        if (fds[n - 1] < 0)
                r = fds[n - 1];
        else if (!lower[n - 1])
                r = plan_mount_is_overlay(m) ? make_changeable(rm, fds, n, m)
                                             : make_overlay(rm, fds, n, -1, -1, m->attributes);
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
        return r;
}

int root_do_overlay(RootMaker *rm, const PlanMount *m) {
        _cleanup_close_ int lower = root_open_source(rm, m->source.path, O_DIRECTORY), fd = -1;
        int r = lower;

        if (r >= 0) {
                fd = make_changeable(rm, &lower, 1, m);
                r = fd;
        }
        return r < 0 ? root_mount_fail(rm, m, -r, "make an overlay of", m->source.path) : root_place(rm, m, fd);
}
