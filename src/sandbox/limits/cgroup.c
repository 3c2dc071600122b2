/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/limits/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "sandbox/limits/limits.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"

static const PlanProperty *find_delegate(const Plan *plan) {
        for (size_t i = 0; i < plan->n_properties; i++)
                if (directive_id(plan->properties[i].directive) == D_Delegate)
                        return &plan->properties[i];
        return NULL;
}

static void enable(int dir_fd, const char *controller, size_t n) {
        char word[32];

        snprintf(word, sizeof(word), "+%.*s", (int) n, controller);
        (void) file_write(dir_fd, "cgroup.subtree_control", word);
}

/* In one write if the kernel takes all controllers. If there are processes in the cgroup, or this one may not write
 * there, the kernel takes none. */
void cgroup_enable_all(int dir_fd) {
        _cleanup_free_ char *there = NULL;
        char *position = NULL, words[256];
        size_t n = 0;
        int r;

        if (file_read(dir_fd, "cgroup.controllers", &there, NULL) < 0 || *there <= ' ')
                return;
        for (const char *w = there; *w > ' ' && n < sizeof(words);) {
                const size_t length = strcspn(w, " \n");

                n += (size_t) snprintf(words + n, sizeof(words) - n, " +%.*s", (int) length, w);
                w += length + (w[length] == ' ');
        }
        r = file_write(dir_fd, "cgroup.subtree_control", words);
        if (r >= 0 || r == -EBUSY || r == -EACCES || r == -EROFS)
                return;
        for (char *w = strtok_r(there, " \n", &position); w; w = strtok_r(NULL, " \n", &position))
                enable(dir_fd, w, strlen(w));
}

/* Enables the controllers that Delegate= lists, or all. */
static void enable_delegated(const PlanProperty *delegate, int dir_fd) {
        char *const *listed = delegate->settings->items[delegate->settings->n - 1].value.words;

        for (char *const *w = listed; w && *w; w++)
                enable(dir_fd, *w, strlen(*w));
        if (!listed)
                cgroup_enable_all(dir_fd);
}

void cgroup_enable(const Plan *plan, int dir_fd) {
        for (size_t i = 0; i < plan->n_properties; i++) {
                const char *file = plan->properties[i].directive->cgroup_file;

                if (file)
                        enable(dir_fd, file, strcspn(file, "."));
        }
        if (plan->delegate)
                enable_delegated(find_delegate(plan), dir_fd);
}

int cgroup_make_below(int cgroup_fd, const char *name, int flags) {
        int fd;

        if (mkdirat(cgroup_fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(cgroup_fd, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int make_below(int cgroup_fd, const char *name) {
        return cgroup_make_below(cgroup_fd, name, O_PATH);
}

int cgroup_move_below(int cgroup_fd, const char *name, const char *pid) {
        _cleanup_close_ int fd = make_below(cgroup_fd, name);

        return fd < 0 ? fd : file_write(fd, "cgroup.procs", pid);
}

int cgroup_find_number(char *text, const char *key, uint64_t *ret) {
        char *position = NULL;

        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                const char *number = key ? startswith(line, key) : line;

                if (!number || (key && *number++ != ' '))
                        continue;
                return streq(number, "max") ? -ERANGE : parse_u64(number, ret) < 0 ? -ENODATA : 0;
        }
        return -ENODATA;
}

int cgroup_number(int cgroup_fd, const char *file, const char *key, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        int r = record_read(cgroup_fd, file, &text, NULL);

        return r < 0 ? r : cgroup_find_number(text, key, ret);
}

bool cgroup_is_empty(const char *path) {
        _cleanup_free_ char *file = path_join(path, "cgroup.events");
        uint64_t populated;

        return file && cgroup_number(AT_FDCWD, file, "populated", &populated) >= 0 && populated == 0;
}

static int open_place(int dir_fd, int *ret) {
        *ret = openat(dir_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        return *ret < 0 ? -errno : 0;
}

/* The limits of the cgroups that the payload makes, written above the root of its namespace, where it cannot change
 * them. Sixteen sandboxes in each other, each with Delegate=, need a depth of 32. */
static void limit_descendants(int cgroup_fd) {
        (void) file_write(cgroup_fd, "cgroup.max.depth", "64");
        (void) file_write(cgroup_fd, "cgroup.max.descendants", "1024");
}

/* Programs inside read their limits at the root of their namespace. The cgroup above enforces them. */
static void show_limits(const Plan *plan, int cgroup_fd) {
        _cleanup_close_ int fd = openat(cgroup_fd, "inside", O_PATH | O_DIRECTORY | O_CLOEXEC);

        for (size_t i = 0; fd >= 0 && i < plan->n_properties; i++)
                if (plan->properties[i].directive->cgroup_file)
                        limit_copy(&plan->properties[i], cgroup_fd, fd);
}

/* A cgroup that gives controllers to its children cannot have processes of its own (cgroup-v2.rst, "No Internal Process
 * Constraint"). So with Delegate=, all processes are in leaves. */
static int make_delegated(const Plan *plan, int cgroup_fd, int places[static CGROUP_PLACES]) {
        _cleanup_close_ int isorun = make_below(cgroup_fd, "isorun"), inside = make_below(cgroup_fd, "inside");
        _cleanup_close_ int leaf = -1;
        int r;

        if (isorun < 0 || inside < 0)
                return isorun < 0 ? isorun : inside;
        leaf = make_below(inside, "payload");
        r = leaf < 0 ? leaf : open_place(isorun, &places[CGROUP_OF_REAPER]);
        if (r >= 0)
                r = open_place(leaf, &places[CGROUP_OF_PAYLOAD]);
        return r >= 0 && plan->holder == HOLDER_SERVICE ? file_write(isorun, "cgroup.procs", "0") : r;
}

static int make_undelegated(int cgroup_fd, int places[static CGROUP_PLACES]) {
        _cleanup_close_ int inside = make_below(cgroup_fd, "inside");
        int r;

        r = inside < 0 ? inside : open_place(cgroup_fd, &places[CGROUP_OF_REAPER]);
        return r < 0 ? r : open_place(inside, &places[CGROUP_OF_PAYLOAD]);
}

int cgroup_take_place(int place, Failure *f) {
        if (place >= 0 && write(place, "0", 1) < 0) /* the calling process */
                return fail(f, errno, "cannot move a process to its cgroup");
        return 0;
}

int cgroup_move_inside(const Plan *plan, int cgroup_fd, pid_t pid, int ret[static CGROUP_PLACES], Report *report) {
        char text[16];
        int r;

        snprintf(text, sizeof(text), "%d", pid);
        limit_descendants(cgroup_fd);
        r = plan->delegate ? make_delegated(plan, cgroup_fd, ret) : make_undelegated(cgroup_fd, ret);
        if (r >= 0)
                r = cgroup_move_below(cgroup_fd, "inside", text);
        if (r < 0)
                fds_close(ret, CGROUP_PLACES);
        /* In a service with User= and without Delegate=, the cgroup belongs to root. isorun cannot make cgroups in it,
         * but the payload cannot write its limits either. */
        if ((r == -EACCES || r == -EPERM || r == -EROFS) && !plan->delegate)
                return 0;
        if (r < 0)
                return report_error(report, -r, "cannot make a cgroup below the cgroup of %s: %s", plan->unit,
                                    strerror(-r));

        if (plan->delegate) {
                enable_delegated(find_delegate(plan), cgroup_fd);
                show_limits(plan, cgroup_fd);
        }
        return 0;
}

/* systemd gives the same files to the user of a unit with Delegate=. */
static int give(const Plan *plan, const char *dir) {
        static const char *const files[] = { "", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
        _cleanup_close_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fchownat(fd, files[i], plan->uid, plan->gid, AT_EMPTY_PATH) < 0)
                        return -errno;
        return 0;
}

int cgroup_settle(const Plan *plan, Failure *f) {
        const PlanMount *m = NULL;
        _cleanup_free_ char *leaf = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        for (size_t i = 0; i < plan->n_mounts && !m; i++)
                if (plan->mounts[i].kind == MOUNT_CGROUP)
                        m = &plan->mounts[i];
        if (!m)
                return 0;

        leaf = path_join(m->destination, "payload");
        fd = open(m->destination, O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = !leaf ? -ENOMEM : fd < 0 ? -errno : 0;
        if (r >= 0 && plan->set_ids) {
                r = give(plan, m->destination);
                if (r >= 0)
                        r = give(plan, leaf);
        }
        return r < 0 ? fail_at(f, subject_mount(plan, m), -r, "cannot delegate %s", m->destination) : 0;
}

/* Calls a function for each cgroup below one: for a child before its parent. limit_descendants() bounds the depth and
 * the number. */
static void visit_below(int cgroup_fd, void (*visit)(int cgroup_fd, const char *name)) {
        _cleanup_strv_free_ char **names = NULL;

        if (directory_list(cgroup_fd, &names) < 0)
                return;
        for (char **name = names; name && *name; name++) {
                _cleanup_close_ int fd = openat(cgroup_fd, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                if (fd < 0)
                        continue;
                visit_below(fd, visit);
                visit(cgroup_fd, *name);
        }
}

/* Removes only the directory: the kernel removes the files of a cgroup with it. */
static void remove_one(int cgroup_fd, const char *name) {
        (void) unlinkat(cgroup_fd, name, AT_REMOVEDIR);
}

void cgroup_empty(int cgroup_fd) {
        visit_below(cgroup_fd, remove_one);
}

static void thaw_one(int cgroup_fd, const char *name) {
        _cleanup_close_ int fd = openat(cgroup_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_free_ char *frozen = NULL;

        if (fd >= 0 && file_read_line(fd, "cgroup.freeze", &frozen) >= 0 && streq(frozen, "1"))
                (void) file_write(fd, "cgroup.freeze", "0");
}

void cgroup_thaw(int cgroup_fd) {
        visit_below(cgroup_fd, thaw_one);
}

void cgroup_thaw_payload(int cgroup_fd) {
        thaw_one(cgroup_fd, "inside");
        thaw_one(cgroup_fd, "inside/payload");
}

void cgroup_end_payload(int cgroup_fd) {
        _cleanup_close_ int inside = openat(cgroup_fd, "inside", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (inside < 0)
                return;
        (void) file_write(inside, "cgroup.kill", "1");
        /* The processes take a while to die on a busy machine, and systemd cannot remove what is left: its paths may be
         * too long. So this waits up to 10 seconds. */
        for (unsigned i = 0; i < 1000; i++) {
                visit_below(inside, remove_one);
                if (unlinkat(cgroup_fd, "inside", AT_REMOVEDIR) >= 0 || errno == ENOENT)
                        return;
                nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
        }
}

void cgroup_remove_rest(int cgroup_fd) {
        char link[sizeof("/proc/self/fd/") + 10];
        _cleanup_free_ char *path = NULL;

        visit_below(cgroup_fd, remove_one);
        snprintf(link, sizeof(link), "/proc/self/fd/%d", cgroup_fd);
        /* To the path of a cgroup that is gone, the kernel appends " (deleted)". */
        if (link_read(AT_FDCWD, link, &path) >= 0)
                (void) rmdir(path);
}

/* Few payloads make cgroups, so the first rmdir(2) is often enough. Returns 0 or an errno. */
static int remove_tree(const char *path) {
        _cleanup_close_ int fd = -1;

        if (rmdir(path) >= 0)
                return 0;
        if (errno != EBUSY)
                return errno;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno;
        visit_below(fd, remove_one);
        return rmdir(path) < 0 ? errno : 0;
}

void cgroup_remove(const char *path) {
        /* A cgroup stays busy for a moment after its last process has died. */
        for (unsigned i = 0; i < 100 && remove_tree(path) == EBUSY; i++)
                nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
}

/* Whether isorun was killed before it could write the attribute. The kernel sets the time when it makes the directory,
 * or later. */
static bool is_abandoned(const char *path) {
        enum { START_SEC = 60 };
        struct stat st;

        return errno == ENODATA && stat(path, &st) >= 0 &&
               clock_usec(CLOCK_REALTIME) / 1000000 > (uint64_t) st.st_mtim.tv_sec + START_SEC;
}

/* isorun writes the attribute when the cgroup already has a process. So a cgroup with the attribute and no process
 * belongs to an instance that has ended, not to one that is just starting: that has its first process at once. */
static bool is_dead(const char *path) {
        return (getxattr(path, CGROUP_ATTRIBUTE("started"), NULL, 0) >= 0 || is_abandoned(path)) &&
               cgroup_is_empty(path);
}

void cgroup_sweep(const char *dir) {
        struct dirent *e;
        DIR *d = opendir(dir);

        while (d && (e = readdir(d))) {
                _cleanup_free_ char *path = NULL;

                if (!startswith(e->d_name, "isorun-") || !endswith(e->d_name, ".scope"))
                        continue;
                path = path_join(dir, e->d_name);
                if (path && is_dead(path))
                        (void) remove_tree(path);
        }
        if (d)
                closedir(d);
}

void cgroup_sweep_some(const char *dir, nlink_t links) {
        enum { FEW = 8 };

        /* A directory of cgroup2 has one link for each directory in it, and two more. */
        if (links <= 2 + FEW || (nlink_t) getpid() % (links / FEW) == 0)
                cgroup_sweep(dir);
}
