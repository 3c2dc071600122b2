/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/limits/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "sandbox/limits/limits.h"
#include "util/fd.h"
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

/* Enables the controllers that Delegate= lists, or all. */
static void enable_delegated(const PlanProperty *delegate, int dir_fd) {
        char *const *listed = delegate->settings->items[delegate->settings->n - 1].value.words;
        _cleanup_free_ char *there = NULL;
        char *position = NULL;

        for (char *const *w = listed; w && *w; w++)
                enable(dir_fd, *w, strlen(*w));
        if (listed || file_read(dir_fd, "cgroup.controllers", &there, NULL) < 0)
                return;
        for (char *w = strtok_r(there, " \n", &position); w; w = strtok_r(NULL, " \n", &position))
                enable(dir_fd, w, strlen(w));
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

/* Makes the cgroup and moves the process into it. "0" is the calling process. */
static int move_below(int cgroup_fd, const char *name, const char *pid) {
        _cleanup_close_ int fd = -1;

        if (mkdirat(cgroup_fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(cgroup_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : file_write(fd, "cgroup.procs", pid);
}

/* Programs inside read their limits at the root of their namespace. The cgroup above enforces them. */
static void show_limits(const Plan *plan, int cgroup_fd) {
        _cleanup_close_ int fd = openat(cgroup_fd, "inside", O_PATH | O_DIRECTORY | O_CLOEXEC);

        for (size_t i = 0; fd >= 0 && i < plan->n_properties; i++)
                if (plan->properties[i].directive->cgroup_file)
                        limit_copy(&plan->properties[i], cgroup_fd, fd);
}

int cgroup_move_inside(const Plan *plan, int cgroup_fd, pid_t pid, Report *report) {
        char text[16];
        int r = 0;

        snprintf(text, sizeof(text), "%d", pid);
        /* A cgroup that gives controllers to its children cannot have processes of its own (cgroup-v2.rst, "No Internal
         * Process Constraint"). */
        if (plan->delegate && plan->holder == HOLDER_SERVICE)
                r = move_below(cgroup_fd, "isorun", "0");
        if (r >= 0)
                r = move_below(cgroup_fd, "inside", text);
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
        r = !leaf ? -ENOMEM : fd < 0 ? -errno : move_below(fd, "payload", "0");
        if (r >= 0 && plan->set_ids) {
                r = give(plan, m->destination);
                if (r >= 0)
                        r = give(plan, leaf);
        }
        return r < 0 ? fail_at(f, subject_mount(plan, m), -r, "cannot delegate %s", m->destination) : 0;
}

static int remove_one(const char *path, _unused_ const struct stat *st, int type, _unused_ struct FTW *ftw) {
        return type == FTW_DP && rmdir(path) < 0 ? errno : 0;
}

/* Removes only directories: the kernel removes the files of a cgroup with it. */
static int remove_tree(const char *path) {
        enum { FDS = 16 };

        return nftw(path, remove_one, FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void cgroup_remove(const char *path) {
        /* A cgroup stays busy for a moment after its last process has died. */
        for (unsigned i = 0; i < 100 && remove_tree(path) == EBUSY; i++)
                nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
}

/* isorun writes the attribute when the cgroup already has a process. So a cgroup with the attribute and no process
 * belongs to an instance that has ended, not to one that is just starting. */
static bool is_dead(const char *path) {
        _cleanup_free_ char *file = path_join(path, "cgroup.events"), *events = NULL;

        return getxattr(path, CGROUP_ATTRIBUTE("started"), NULL, 0) >= 0 && file &&
               file_read(AT_FDCWD, file, &events, NULL) >= 0 && startswith(events, "populated 0\n");
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
