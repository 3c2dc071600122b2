/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "oci/interrupts.h"
#include "sandbox/limits/cgroup.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"

#define TREE "/sys/fs/cgroup"

enum { EVENT_SEC = 10 };

static int open_tree_root(void) {
        _cleanup_close_ int fd = open(TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;

        if (fd < 0 || fstatfs(fd, &fs) < 0)
                return -errno;
        return fs.f_type == CGROUP2_SUPER_MAGIC ? TAKE_FD(fd) : -EOPNOTSUPP;
}

/* Marks a cgroup that isorun-oci has made, and whose limits are only its own. No container of root can write it. */
static const char *mark(void) {
        return process_is_host_root() ? "trusted.isorun.oci" : "user.isorun.oci";
}

/* Says which container a cgroup is of: the pid of its first process, and when that started. */
#define HOLDER "%d %llu"

static const char *holder_attribute(void) {
        return process_is_host_root() ? "trusted.isorun.oci.holder" : "user.isorun.oci.holder";
}

void container_cgroup_claim(int fd, pid_t pid, uint64_t started) {
        char text[64];

        snprintf(text, sizeof(text), HOLDER, (int) pid, (unsigned long long) started);
        (void) fsetxattr(fd, holder_attribute(), text, strlen(text), 0);
}

/* Whether isorun-oci has made a cgroup, and for which container. */
typedef enum Maker {
        MADE_NOW,
        MADE_BEFORE, /* isorun-oci, for a container that was not deleted */
        MADE_BY_OTHERS,
} Maker;

/* Returns an fd or -errno. */
static int make_last(int parent, const char *name, Maker *ret_maker) {
        const bool made = mkdirat(parent, name, 0755) >= 0;
        int fd;

        if (!made && errno != EEXIST)
                return -errno;
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (made)
                (void) fsetxattr(fd, mark(), "1", 1, 0);
        *ret_maker = made ? MADE_NOW : fgetxattr(fd, mark(), NULL, 0) >= 0 ? MADE_BEFORE : MADE_BY_OTHERS;
        return fd;
}

static int make_path(const char *path, int *ret, Maker *ret_maker) {
        _cleanup_close_ int fd = open_tree_root();
        _cleanup_free_ char *copy = strdup(path);
        char *position = NULL;

        if (fd < 0 || !copy)
                return fd < 0 ? fd : -ENOMEM;
        for (char *name = strtok_r(copy, "/", &position), *below; name; name = below) {
                int next;

                below = strtok_r(NULL, "/", &position);
                cgroup_enable_all(fd);
                next = below ? cgroup_make_below(fd, name, O_RDONLY) : make_last(fd, name, ret_maker);
                if (next < 0)
                        return next;
                fd_close(fd);
                fd = next;
        }
        *ret = TAKE_FD(fd);
        return 0;
}

static int check_empty(int fd, const char *path, Report *report) {
        _cleanup_free_ char *events = NULL;
        int r = record_read(fd, "cgroup.events", &events, NULL);

        if (r < 0)
                return report_error(report, -r, "cannot read the cgroup %s: %s", path, strerror(-r));
        if (strstr(events, "frozen 1"))
                return report_error(report, EBUSY, "cannot use %s: container's cgroup unexpectedly frozen", path);
        return strstr(events, "populated 1")
                       ? report_error(report, EBUSY, "cannot use %s: container's cgroup is not empty", path) : 0;
}

/* Devices cannot be made in a user namespace, and the host's are those that config.json binds; so without the right to
 * load a program, rules have nothing to protect there. */
static int attach_device_rules(const Spec *spec, int fd, Report *report) {
        union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                                .insns = (uint64_t) (uintptr_t) spec->device_rules,
                                .insn_cnt = (uint32_t) spec->n_device_rules,
                                .license = (uint64_t) (uintptr_t) "GPL" };
        union bpf_attr attach = { .target_fd = (uint32_t) fd, .attach_type = BPF_CGROUP_DEVICE,
                                  .attach_flags = BPF_F_ALLOW_MULTI };
        _cleanup_close_ int program = -1;

        if (!spec->device_rules)
                return 0;
        program = sys_bpf(BPF_PROG_LOAD, &load, sizeof(load));
        if (program < 0 && errno == EPERM && (spec_has_user_namespace(spec) || !process_is_host_root())) {
                report_notice(report, "device rules are not enforced: root of a user namespace cannot make devices");
                return 0;
        }
        attach.attach_bpf_fd = (uint32_t) program;
        if (program < 0 || sys_bpf(BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
                return report_error(report, errno, "cannot enforce /linux/resources/devices: %s", strerror(errno));
        return 0;
}

int container_cgroup_write(const SpecCgroupFile *f, int fd, const char *path, Report *report) {
        int r = file_write(fd, f->file, f->value);

        if (r == -ENOENT && f->optional) {
                report_notice(report, "%s of the policy is not enforced: its controller is not available", f->file);
                return 0;
        }
        if (r == -ENOENT)
                return report_error(report, ENOENT, "cannot write %s to %s of the cgroup %s: the requested cgroup "
                                    "controller `%.*s` is not available there", f->value, f->file, path,
                                    (int) strcspn(f->file, "."), f->file);
        return r < 0 ? report_error(report, -r, "cannot write %s to %s of the cgroup %s: %s", f->value, f->file, path,
                                    strerror(-r)) : 0;
}

int container_cgroup_limit(const Spec *spec, int fd, const char *path, Report *report) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_cgroup_files; i++)
                r = container_cgroup_write(&spec->cgroup_files[i], fd, path, report);
        return r < 0 ? r : attach_device_rules(spec, fd, report);
}

/* A container that has ended, but was not deleted, may be from the same path. To kill or delete it must not reach this
 * one. So this one gets a directory of its own, which has another inode. */
static int make_anew(const char *path, int *fd, Report *report) {
        _cleanup_free_ char *full = format(TREE "%s", path);
        Maker maker = MADE_NOW;
        int r = -ENOMEM;

        if (full) {
                cgroup_remove(full);
                *fd = fd_close(*fd);
                r = make_path(path, fd, &maker);
        }
        if (r < 0)
                return report_error(report, -r, "cannot make the cgroup %s: %s", path, strerror(-r));
        if (maker == MADE_BEFORE)
                return report_error(report, EBUSY, "the cgroup %s is another container's, and cannot be removed", path);
        return check_empty(*fd, path, report);
}

/* Below the caller's own cgroup. */
static char *default_path(const char *id) {
        _cleanup_free_ char *own = NULL, *name = format("isorun-oci-%s", id);

        return name && process_cgroup(0, &own) >= 0 ? path_join(own, name) : NULL;
}

/* The kernel lets a process into a cgroup only if the user may write to cgroup.procs of the one that both are below
 * (cgroup-v2.rst, "Delegation Containment"). Slurm gives a job's user the directory, but not that file. */
static int check_may_enter(const char *path) {
        _cleanup_free_ char *above = path_parent(path), *file = above ? format(TREE "%s/cgroup.procs", above) : NULL;

        if (!file)
                return -ENOMEM;
        return faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int container_cgroup_make(const Spec *spec, const char *id, char **ret_path, int *ret, bool *ret_claimed,
                          Report *report) {
        const char *asked = spec->cgroup_path;
        _cleanup_free_ char *path = asked ? path_join("/", asked + strspn(asked, "/")) : default_path(id);
        _cleanup_close_ int fd = -1;
        Maker maker = MADE_NOW;
        int r;

        *ret_path = NULL;
        *ret = -1;
        if (asked && strchr(asked, ':'))
                return report_error(report, EINVAL, "%s: /linux/cgroupsPath: it is not a path (SLICE:PREFIX:NAME "
                                    "needs --systemd-cgroup)", spec->file);
        r = !path ? -ENOMEM : asked ? 0 : check_may_enter(path);
        if (r >= 0)
                r = make_path(path, &fd, &maker);
        if (r < 0 && !asked && spec->n_cgroup_files == 0 && !spec->device_rules)
                return 0;
        if (r < 0)
                return report_error(report, -r, "cannot make the cgroup %s: %s%s", path ?: "", strerror(-r),
                                    r == -EOPNOTSUPP ? " (isorun-oci knows cgroups of version 2 only)" : "");
        r = check_empty(fd, path, report);
        if (r >= 0 && maker == MADE_BEFORE)
                r = make_anew(path, &fd, report);
        if (r < 0)
                return r;
        if (maker == MADE_BY_OTHERS)
                container_cgroup_claim(fd, 0, 0);
        r = container_cgroup_limit(spec, fd, path, report);
        if (r < 0) {
                container_cgroup_discard(path, fd);
                return r;
        }
        *ret_path = TAKE_PTR(path);
        *ret = TAKE_FD(fd);
        *ret_claimed = maker == MADE_BY_OTHERS;
        return 0;
}

int container_cgroup_open_path(const char *path, Report *report) {
        _cleanup_free_ char *full = format(TREE "%s", path);
        int fd;

        if (!full)
                return report_oom(report);
        fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? report_error(report, errno, "cannot open the cgroup %s: %s", full, strerror(errno)) : fd;
}

uint64_t container_cgroup_inode(int fd) {
        struct stat st;

        return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* Whether the cgroup is another container's by now: container_cgroup_claim(). */
static bool is_taken(int fd, const State *state) {
        char holder[64] = "", own[64];

        snprintf(own, sizeof(own), HOLDER, (int) state->pid, (unsigned long long) state->started);
        return state->cgroup_claimed &&
               fgetxattr(fd, holder_attribute(), holder, sizeof(holder) - 1) > 0 && !streq(holder, own);
}

/* The kernel does not give the inode of a removed cgroup to another one. */
static bool is_same(int fd, const State *state) {
        return state->cgroup_inode == 0 || container_cgroup_inode(fd) == state->cgroup_inode;
}

int container_cgroup_open(const State *state, Report *report) {
        _cleanup_close_ int fd = -1;

        if (!state->cgroup)
                return report_error(report, EOPNOTSUPP, "%s does not have a cgroup", state->id);
        fd = container_cgroup_open_path(state->cgroup, report);
        if (fd >= 0 && !is_same(fd, state))
                return report_error(report, ESTALE, "the cgroup of %s was removed, and %s is another one now",
                                    state->id, state->cgroup);
        if (fd >= 0 && is_taken(fd, state))
                return report_error(report, ESTALE, "the cgroup of %s, %s, is another container's now", state->id,
                                    state->cgroup);
        return TAKE_FD(fd);
}

uint64_t container_cgroup_root(void) {
        struct statfs fs;
        struct stat st;

        return statfs(TREE, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC || stat(TREE, &st) < 0 ? 0 : st.st_ino;
}

bool container_cgroup_is_visible(const State *state) {
        enum { HOST = 1 }; /* the root of the whole tree */

        return container_cgroup_root() == (state->cgroup_root ?: HOST);
}

bool container_cgroup_is_gone(const State *state) {
        _cleanup_free_ char *full = state->cgroup ? format(TREE "%s", state->cgroup) : NULL;

        return full && access(full, F_OK) < 0 && errno == ENOENT;
}

/* cgroup.events changes, and poll(2) says so, when the last process has stopped or ended. One that waits in the kernel
 * for another one that has stopped, such as a FUSE server, never does. line: "frozen 1" or another one. */
static int await_event(int fd, const char *line, bool killed) {
        const uint64_t end = clock_usec(CLOCK_MONOTONIC) + EVENT_SEC * UINT64_C(1000000);
        _cleanup_close_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

        if (events < 0)
                return -errno;
        for (;;) {
                char text[256];
                ssize_t n = pread(events, text, sizeof(text) - 1, 0);

                if (n < 0)
                        return -errno;
                text[n] = '\0';
                if (strstr(text, line))
                        return 0;
                n = killed ? interrupts_await_end(events, POLLPRI, clock_msec_until(end))
                           : interrupts_await(events, POLLPRI, clock_msec_until(end));
                if (n <= 0)
                        return n == 0 ? -ETIMEDOUT : (int) n;
        }
}

static bool is_empty(int fd) {
        _cleanup_free_ char *events = NULL;

        return record_read(fd, "cgroup.events", &events, NULL) >= 0 && strstr(events, "populated 0");
}

static int remove_with_processes(const char *full, int fd) {
        int r;

        /* Most containers end with their first process, and have no cgroups of their own. */
        if (rmdir(full) >= 0)
                return 0;
        r = file_write(fd, "cgroup.kill", "1");
        if (r >= 0 || is_empty(fd))
                r = await_event(fd, "populated 0", true);
        if (r >= 0)
                cgroup_remove(full);
        /* systemd may have removed it after the last process: then its files are not there, or cannot be read. */
        return r < 0 && access(full, F_OK) < 0 && errno == ENOENT ? 0 : r;
}

int container_cgroup_remove(const State *state) {
        _cleanup_free_ char *full = format(TREE "%s", state->cgroup);
        _cleanup_close_ int fd = full ? open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

        if (fd < 0 && (!full || errno != ENOENT))
                return full ? -errno : -ENOMEM;
        if (fd < 0 || !is_same(fd, state))
                return container_cgroup_is_visible(state) ? 0 : -EXDEV;
        if (is_taken(fd, state))
                return is_empty(fd) ? 0 : -ESTALE;
        return remove_with_processes(full, fd);
}

void container_cgroup_discard(const char *path, int fd) {
        _cleanup_free_ char *full = format(TREE "%s", path);

        if (full)
                (void) remove_with_processes(full, fd);
}

int container_cgroup_freeze(const State *state, bool frozen, Report *report) {
        _cleanup_close_ int fd = container_cgroup_open(state, report);
        int r;

        if (fd < 0)
                return fd;
        r = file_write(fd, "cgroup.freeze", frozen ? "1" : "0");
        if (r >= 0)
                r = await_event(fd, frozen ? "frozen 1" : "frozen 0", false);
        if (frozen && (r == -ETIMEDOUT || r == -EINTR))
                (void) file_write(fd, "cgroup.freeze", "0");
        if (frozen && r == -ETIMEDOUT)
                return report_error(report, ETIMEDOUT, "cannot pause %s: its processes have not all stopped within %d "
                                    "seconds, and run on (one may wait for another one that has stopped)", state->id,
                                    EVENT_SEC);
        if (r < 0)
                return report_error(report, -r, "cannot %s %s: %s", frozen ? "pause" : "resume", state->id,
                                    strerror(-r));
        return 0;
}

static int add_pids(int fd, pid_t **pids, size_t *n) {
        _cleanup_strv_free_ char **below = NULL;
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r;

        r = file_read(fd, "cgroup.procs", &text, NULL);
        for (char *p = r < 0 ? NULL : strtok_r(text, "\n", &position); p; p = strtok_r(NULL, "\n", &position)) {
                pid_t *slot = ARRAY_APPEND(*pids, *n);

                if (!slot)
                        return -ENOMEM;
                *slot = (pid_t) strtol(p, NULL, 10);
        }
        if (r >= 0)
                r = directory_list(fd, &below);
        for (char **name = below; r >= 0 && name && *name; name++) {
                _cleanup_close_ int child = openat(fd, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                if (child >= 0)
                        r = add_pids(child, pids, n);
        }
        return r;
}

int container_cgroup_pids(const State *state, pid_t **ret, size_t *ret_n, Report *report) {
        _cleanup_close_ int fd = container_cgroup_open(state, report);
        _cleanup_free_ pid_t *pids = NULL;
        size_t n = 0;
        int r;

        if (fd < 0)
                return fd;
        r = add_pids(fd, &pids, &n);
        if (r < 0)
                return report_error(report, -r, "cannot read the processes of %s: %s", state->id, strerror(-r));
        *ret = TAKE_PTR(pids);
        *ret_n = n;
        return 0;
}

/* A frozen process cannot leave, and its number is not another's; a process that is made meanwhile is frozen, too. */
static int kill_each(const State *state, int sig, Report *report) {
        _cleanup_free_ pid_t *pids = NULL;
        size_t n = 0;
        int r = container_cgroup_pids(state, &pids, &n, report);

        for (size_t i = 0; r >= 0 && i < n; i++)
                if (kill(pids[i], sig) < 0 && errno != ESRCH)
                        r = report_error(report, errno, "cannot kill %s: %s", state->id, strerror(errno));
        return r;
}

int container_cgroup_kill(const State *state, int sig, Report *report) {
        _cleanup_close_ int fd = container_cgroup_open(state, report);
        bool paused;
        int r;

        if (fd < 0)
                return fd;
        if (sig == SIGKILL) {
                r = file_write(fd, "cgroup.kill", "1");
                return r < 0 ? report_error(report, -r, "cannot kill %s: %s", state->id, strerror(-r)) : 0;
        }
        paused = state_is_paused(state);
        r = paused ? 0 : container_cgroup_freeze(state, true, report);
        if (r >= 0)
                r = kill_each(state, sig, report);
        if (!paused && container_cgroup_freeze(state, false, report) < 0)
                r = r < 0 ? r : -EIO;
        return r;
}
