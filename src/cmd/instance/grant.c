/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mount that goes into an instance crosses two boundaries of user namespaces. The kernel locks the flags of a mount
 * (so that a payload with CAP_SYS_ADMIN cannot make it writable again) when a mount namespace is copied for another
 * user namespace, not when a detached mount is attached: mount_namespaces(7). So the copy is made read-only, put into
 * a mount namespace, this one is copied into a new user namespace, and out of that comes what is handed over. */
#include "cmd/instance/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/root/mount.h"
#include "sandbox/wire/packet.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"

typedef struct Task {
        const char *path;
        bool read_only;
        const GrantTarget *target;
        int mount_fd;
        int proc; /* the /proc of the process outside */
} Task;

/* In a process of its own. Returns an fd for the caller, -1 where there is none to return, with f unset. */
typedef int (*TaskFunction)(const Task *task, Failure *f);

/* A directory by its absolute path, or ".". */
static int open_path(const char *path) {
        _cleanup_close_ int dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

        return dir < 0 ? -errno : open_in(dir, path, O_DIRECTORY, RESOLVE_IN_ROOT);
}

_Noreturn static void run_task(TaskFunction function, const Task *task, int socket, Failure *f) {
        struct iovec part = { .iov_base = (char[]) { 0 }, .iov_len = 1 };
        int fd = function(task, f);

        if (f->message.type != MESSAGE_FAILED)
                (void) packet_send(socket, &part, 1, &fd, fd >= 0, 0);
        _exit(0);
}

/* Returns the fd, -1 for none, or as the others. */
static int do_task(TaskFunction function, const Task *task, Failure *f, int *ret) {
        _cleanup_(failure_unsharep) Failure *shared = failure_share();
        int fds[2], fd = -1, r = 0, q;
        size_t size;
        pid_t pid;
        char c;

        if (!shared || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return fail(f, errno, "preparing a process");
        pid = fork();
        if (pid == 0) {
                close(fds[0]);
                run_task(function, task, fds[1], shared);
        }
        close(fds[1]);
        if (pid < 0)
                r = fail(f, errno, "fork");
        else {
                r = packet_receive(fds[0], &c, 1, &size, &fd, 1, 0);
                (void) TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
                q = failure_take(shared, f);
                if (q < 0)
                        r = q;
                else if (r <= 0)
                        r = fail(f, r < 0 ? -r : ECHILD, "a process that was to help");
        }
        close(fds[0]);
        if (r >= 0)
                *ret = fd;
        return r < 0 ? r : 0;
}

static int copy_here(const char *path, const Task *task, Failure *f) {
        const MountAttributes attributes = { .recursive = true, .read_only = task->read_only };
        _cleanup_close_ int source = open_path(path);
        int fd;

        if (source < 0)
                return fail(f, -source, "%s", task->path);
        fd = mount_clone(source, attributes);
        return fd < 0 ? fail(f, -fd, "copying the mount at %s", task->path) : fd;
}

/* Namespaces of our own, with the same rights on files as before: root keeps its own, and a user is itself, and
 * nobody else, there. It must be somebody to make a second one: user_namespaces(7). */
static int make_namespaces(void) {
        char uids[64], gids[64];
        uid_t uid = geteuid();
        gid_t gid = getegid();
        int r = 0;

        if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
                return -errno;
        snprintf(uids, sizeof(uids), "%u %u 1", uid, uid);
        snprintf(gids, sizeof(gids), "%u %u 1", gid, gid);
        if (uid != 0) {
                r = file_write(AT_FDCWD, "/proc/self/setgroups", "deny");
                if (r >= 0)
                        r = file_write(AT_FDCWD, "/proc/self/uid_map", uids);
                if (r >= 0)
                        r = file_write(AT_FDCWD, "/proc/self/gid_map", gids);
        }
        if (r >= 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                r = -errno;
        return r;
}

static int copy(const Task *task, Failure *f) {
        _cleanup_close_ int first = -1;
        int r;

        r = make_namespaces();
        if (r < 0)
                return fail(f, -r, "making namespaces to copy %s in", task->path);
        first = copy_here(task->path, task, f);
        if (first < 0)
                return -1;
        /* Anywhere but on /, or the process counts as chrooted, and gets no user namespace. */
        if (move_mount(first, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(first) < 0)
                return fail(f, errno, "attaching the copy of %s", task->path);
        /* Takes the working directory along. */
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                return fail(f, errno, "making namespaces to lock the copy of %s in", task->path);
        return copy_here(".", task, f);
}

int grant_copy(const char *source, bool read_only, Failure *f) {
        int fd, r;

        r = do_task(copy, &(Task) { .path = source, .read_only = read_only }, f, &fd);
        return r < 0 ? r : fd;
}

static bool is_own_users(int user_namespace) {
        struct stat own, other;

        return stat("/proc/self/ns/user", &own) >= 0 && fstat(user_namespace, &other) >= 0 &&
               own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* With the rights of the instance's owner: who made the namespaces has all of them there, and root none elsewhere. Only
 * root's own instances may be in the user namespace that we are in. */
static int join(Task *task, Failure *f) {
        const GrantTarget *t = task->target;
        bool same = is_own_users(t->user_namespace);

        task->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (task->proc < 0)
                return fail(f, errno, "/proc");
        if (same && (geteuid() != 0 || t->uid != 0))
                return fail(f, EPERM, "an instance without a user namespace");
        if (geteuid() == 0 && t->uid != 0 &&
            (setgroups(0, NULL) < 0 || setresgid(t->gid, t->gid, t->gid) < 0 || setresuid(t->uid, t->uid, t->uid) < 0))
                return fail(f, errno, "becoming user %u", t->uid);
        if ((!same && setns(t->user_namespace, CLONE_NEWUSER) < 0) || setns(t->mount_namespace, CLONE_NEWNS) < 0)
                return fail(f, errno, "joining the instance");
        return 0;
}

static int attach(const Task *task, Failure *f) {
        _cleanup_close_ int place = -1;
        Task here = *task;
        int r;

        if (join(&here, f) < 0)
                return -1;
        place = open_path(task->path);
        if (place < 0)
                return fail(f, -place, "%s inside", task->path);
        r = mount_attach(task->mount_fd, place);
        return r < 0 ? fail(f, -r, "mounting on %s inside", task->path) : -1;
}

int grant_attach(const GrantTarget *target, int mount_fd, const char *place, Failure *f) {
        int fd;

        return do_task(attach, &(Task) { .path = place, .mount_fd = mount_fd, .target = target }, f, &fd);
}

static int detach(const Task *task, Failure *f) {
        _cleanup_close_ int place = -1;
        Task here = *task;
        char path[64];

        if (join(&here, f) < 0)
                return -1;
        place = open_path(task->path);
        /* By the fd, and not by "." in it: who may not search a directory may have it taken off nevertheless. */
        if (place < 0 || fchdir(here.proc) < 0)
                return fail(f, place < 0 ? -place : errno, "%s inside", task->path);
        snprintf(path, sizeof(path), "self/fd/%d", place);
        if (umount2(path, MNT_DETACH) < 0)
                return fail(f, errno, "taking off what is on %s inside", task->path);
        return -1;
}

int grant_detach(const GrantTarget *target, const char *place, Failure *f) {
        int fd;

        return do_task(detach, &(Task) { .path = place, .target = target }, f, &fd);
}

/* The mounts are those of the process that opens the file. */
static int open_mounts(const Task *task, Failure *f) {
        Task here = *task;
        int fd;

        if (join(&here, f) < 0)
                return -1;
        fd = openat(here.proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
        return fd < 0 ? fail(f, errno, "mountinfo") : fd;
}

int grant_open_mounts(const GrantTarget *target, Failure *f) {
        int fd, r;

        r = do_task(open_mounts, &(Task) { .target = target }, f, &fd);
        return r < 0 ? r : fd;
}
