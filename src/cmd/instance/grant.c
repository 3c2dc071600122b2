/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a mount gets into an instance with its flags locked. The kernel locks the flags of a mount (so that a payload
 * with CAP_SYS_ADMIN cannot make it writable again) when it copies a mount namespace for another user namespace. It
 * does not lock them when a detached mount is attached: mount_namespaces(7). So a process copies the mount, makes the
 * copy read-only, and attaches it in a mount namespace of its own. Then it copies this namespace for a new user
 * namespace, which locks the flags. A copy from there is what the instance gets. */
#include "cmd/instance/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
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
#include "util/process.h"

typedef struct Task {
        const char *path;
        MountAttributes attributes;
        const GrantTarget *target;
        int mount_fd;
        int proc; /* the /proc from outside, opened before the process joins the instance */
} Task;

/* Runs in a process of its own. Returns an fd for the caller, or -1 if there is no fd to return or if it has failed,
 * with the reason in f. */
typedef int (*TaskFunction)(const Task *task, Failure *f);

/* Opens a directory by its absolute path, or ".". */
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

/* Waits for the helper process and its fd. The payload can keep it waiting, with a file system of its own on the way to
 * the place (FUSE). Then the process is killed, and left behind if even that takes long. */
static int finish_task(pid_t pid, int socket, Failure *shared, Failure *f, int *ret) {
        enum { SECONDS = 10 };
        struct pollfd p = { .fd = socket, .events = POLLIN };
        size_t size;
        char c;
        int r, q;

        if (TEMP_FAILURE_RETRY(poll(&p, 1, SECONDS * 1000)) == 0) {
                (void) kill(pid, SIGKILL);
                return fail(f, ETIMEDOUT, "a file system of the instance does not answer within %d seconds", SECONDS);
        }
        r = packet_receive(socket, &c, 1, &size, ret, 1, 0);
        (void) TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
        q = failure_take(shared, f);
        if (q < 0)
                return q;
        return r <= 0 ? fail(f, r < 0 ? -r : ECHILD, "the helper process failed") : 0;
}

/* Runs a task in a forked process. *ret is its fd, or -1. Returns 0, or a negative errno kept in f. */
static int do_task(TaskFunction function, const Task *task, Failure *f, int *ret) {
        _cleanup_(failure_unsharep) Failure *shared = failure_share();
        int fds[2], fd = -1, r;
        pid_t pid;

        if (!shared || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return fail(f, errno, "cannot prepare a helper process");
        pid = fork();
        if (pid == 0) {
                close(fds[0]);
                run_task(function, task, fds[1], shared);
        }
        close(fds[1]);
        r = pid < 0 ? fail(f, errno, "cannot fork a helper process") : finish_task(pid, fds[0], shared, f, &fd);
        close(fds[0]);
        if (r >= 0)
                *ret = fd;
        return r < 0 ? r : 0;
}

static int copy_here(const char *path, const Task *task, Failure *f) {
        _cleanup_close_ int source = open_path(path);
        int fd;

        if (source < 0)
                return fail(f, -source, "%s", task->path);
        fd = mount_clone(source, task->attributes);
        return fd < 0 ? fail(f, -fd, "cannot copy the mount of %s", task->path) : fd;
}

/* Makes a mount namespace, and for a user also a user namespace, with the same rights on files as before. The user's
 * own id is mapped to itself: a process without a mapped id cannot make the second user namespace
 * (user_namespaces(7)). */
static int make_namespaces(void) {
        const uid_t uid = geteuid();
        int r;

        if (uid == 0)
                r = unshare(CLONE_NEWNS) < 0 ? -errno : 0;
        else
                r = process_unshare_users(CLONE_NEWNS, uid, getegid());
        if (r >= 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                r = -errno;
        return r;
}

static int copy(const Task *task, Failure *f) {
        _cleanup_close_ int first = -1;
        int r;

        r = make_namespaces();
        if (r < 0)
                return fail(f, -r, "cannot make namespaces for a copy of %s", task->path);
        first = copy_here(task->path, task, f);
        if (first < 0)
                return -1;
        /* Not on "/": then the process would count as chrooted, and could not make a user namespace. */
        if (move_mount(first, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(first) < 0)
                return fail(f, errno, "cannot attach the copy of %s", task->path);
        /* The working directory moves to the copy of its mount. */
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                return fail(f, errno, "cannot make namespaces for a locked copy of %s", task->path);
        return copy_here(".", task, f);
}

int grant_copy(const char *source, MountAttributes attributes, Failure *f) {
        int fd, r;

        r = do_task(copy, &(Task) { .path = source, .attributes = attributes }, f, &fd);
        return r < 0 ? r : fd;
}

static bool is_own_users(int user_namespace) {
        struct stat own, other;

        return stat("/proc/self/ns/user", &own) >= 0 && fstat(user_namespace, &other) >= 0 &&
               own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Joins the instance with the rights of its owner, not with root's: the owner has made the namespaces, and so has all
 * rights in them. Only an instance of root may be in the user namespace of this process. */
static int join(Task *task, Failure *f) {
        const GrantTarget *t = task->target;
        bool same = is_own_users(t->user_namespace);

        task->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (task->proc < 0)
                return fail(f, errno, "cannot open /proc");
        if (same && (geteuid() != 0 || t->uid != 0))
                return fail(f, EPERM, "the instance has no user namespace, so only root can change its mounts");
        if (geteuid() == 0 && t->uid != 0 &&
            (setgroups(0, NULL) < 0 || setresgid(t->gid, t->gid, t->gid) < 0 || setresuid(t->uid, t->uid, t->uid) < 0))
                return fail(f, errno, "cannot change to user %u", t->uid);
        if ((!same && setns(t->user_namespace, CLONE_NEWUSER) < 0) || setns(t->mount_namespace, CLONE_NEWNS) < 0)
                return fail(f, errno, "cannot join the namespaces of the instance");
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
                return fail(f, -place, "cannot open %s inside the instance", task->path);
        r = mount_attach(task->mount_fd, place);
        return r < 0 ? fail(f, -r, "cannot mount the directory on %s inside the instance", task->path) : -1;
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
        /* umount2(2) by the fd's path. "." in the directory would need the right to search it, and revoke must also
         * work without. */
        if (place < 0 || fchdir(here.proc) < 0)
                return fail(f, place < 0 ? -place : errno, "cannot open %s inside the instance", task->path);
        snprintf(path, sizeof(path), "self/fd/%d", place);
        if (umount2(path, MNT_DETACH) < 0)
                return fail(f, errno, "cannot unmount %s inside the instance", task->path);
        return -1;
}

int grant_detach(const GrantTarget *target, const char *place, Failure *f) {
        int fd;

        return do_task(detach, &(Task) { .path = place, .target = target }, f, &fd);
}

/* The file shows the mounts of the process that opens it. */
static int open_mounts(const Task *task, Failure *f) {
        Task here = *task;
        int fd;

        if (join(&here, f) < 0)
                return -1;
        fd = openat(here.proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
        return fd < 0 ? fail(f, errno, "cannot read the instance's mounts") : fd;
}

int grant_open_mounts(const GrantTarget *target, Failure *f) {
        int fd, r;

        r = do_task(open_mounts, &(Task) { .target = target }, f, &fd);
        return r < 0 ? r : fd;
}
