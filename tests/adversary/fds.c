/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the caller passes on: standard input is a file opened for reading, standard output a pipe, standard error a file
 * opened for appending. None of them is the caller's terminal. */
#include "adversary.h"

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <linux/fs.h>
#include <termios.h>
#include <unistd.h>

/* All that an fd leads to, which /proc/self/fd opens anew. */
#define STDIN "/proc/self/fd/0"
#define STDOUT "/proc/self/fd/1"
#define STDERR "/proc/self/fd/2"

static int reopen(const char *path, int flags) {
        int fd = open(path, flags | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : close(fd);
}

static int try_reopen(const Facts *facts, const Attempt *a) {
        return reopen(a->path, (int) a->args[0]);
}

/* The same in a user namespace of its own, whose capabilities might help. */
static int try_reopen_nested(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return reopen(a->path, (int) a->args[0]);
}

static int try_truncate(const Facts *facts, const Attempt *a) {
        return result(truncate(STDIN, 0));
}

static int try_fchmod(const Facts *facts, const Attempt *a) {
        return result(fchmod(STDIN_FILENO, 0666));
}

static int try_chmod(const Facts *facts, const Attempt *a) {
        return result(chmod(STDIN, 0666));
}

static int try_times(const Facts *facts, const Attempt *a) {
        return result(futimens(STDIN_FILENO, NULL));
}

static int try_xattr(const Facts *facts, const Attempt *a) {
        return result(fsetxattr(STDIN_FILENO, "user.adversary", "x", 1, 0));
}

static int try_flags(const Facts *facts, const Attempt *a) {
        int flags;

        if (ioctl(STDIN_FILENO, FS_IOC_GETFLAGS, &flags) < 0)
                return -errno;
        return result(ioctl(STDIN_FILENO, FS_IOC_SETFLAGS, &flags));
}

static int try_lock(const Facts *facts, const Attempt *a) {
        return result(flock(STDIN_FILENO, LOCK_EX | LOCK_NB));
}

static int try_lease(const Facts *facts, const Attempt *a) {
        return result(fcntl(STDIN_FILENO, F_SETLEASE, F_RDLCK));
}

static int try_pipe_size(const Facts *facts, const Attempt *a) {
        return result(fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 131072));
}

static int try_no_append(const Facts *facts, const Attempt *a) {
        int flags = fcntl(STDERR_FILENO, F_GETFL);

        return flags < 0 ? -errno : result(fcntl(STDERR_FILENO, F_SETFL, flags & ~O_APPEND));
}

static int try_truncate_error(const Facts *facts, const Attempt *a) {
        return result(ftruncate(STDERR_FILENO, 0));
}

/* An fd that was open before this program began: the process outside has left two open. */
static int try_inherited(const Facts *facts, const Attempt *a) {
        for (int fd = 3; fd < 64; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        return 0;
        return -EBADF;
}

/* The terminal of the process outside, by its number. */
static int try_terminal_number(const Facts *facts, const Attempt *a) {
        char path[64];

        (void) snprintf(path, sizeof(path), "/dev/pts/%d", facts->terminal);
        return reopen(path, O_RDWR);
}

/* Says that a message comes from another user's process. */
static int try_forge(const Facts *facts, const Attempt *a) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control = { 0 };
        struct iovec iov = { (char *) "x", 1 };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        struct ucred ucred = { getpid(), 2, 2 };
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
                return -errno;
        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(ucred)), .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_CREDENTIALS };
        memcpy(CMSG_DATA(&control.header), &ucred, sizeof(ucred));
        return result(sendmsg(pair[0], &message, 0));
}

static int own_terminal(void) {
        int master, slave;

        if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
                return -errno;
        (void) setsid();
        return ioctl(slave, TIOCSCTTY, 0) < 0 ? -errno : slave;
}

static int try_push_input(const Facts *facts, const Attempt *a) {
        char byte = 'x';
        int fd = own_terminal();

        return fd < 0 ? fd : result(ioctl(fd, TIOCSTI, &byte));
}

/* On what is no console: the filter sees the number of the call, and the kernel says ENOTTY. */
static int try_console_call(const Facts *facts, const Attempt *a) {
        char subcode = 0;
        int fd = own_terminal();

        return fd < 0 ? fd : result(ioctl(fd, TIOCLINUX, &subcode));
}

static int try_console_output(const Facts *facts, const Attempt *a) {
        int fd = own_terminal();

        return fd < 0 ? fd : result(ioctl(fd, TIOCCONS));
}

static const Attempt attempts[] = {
        { "input-write", "open standard input, passed for reading, for writing",
          try_reopen, { O_WRONLY }, .path = STDIN },
        { "input-write-nested", "the same in a user namespace", try_reopen_nested, { O_RDWR }, .path = STDIN },
        { "input-truncate", "truncate it", try_truncate },
        { "input-fchmod", "change its mode by the fd", try_fchmod },
        { "input-chmod", "change its mode by /proc/self/fd", try_chmod },
        { "input-times", "change its times", try_times },
        { "input-xattr", "set an extended attribute of it", try_xattr, .needs = "user xattrs on a tmpfs" },
        { "input-flags", "set its flags (chattr)", try_flags, .needs = "flags on a tmpfs" },
        { "input-lock", "lock it (flock)", try_lock },
        { "input-lease", "take a lease on it", try_lease },
        { "output-read", "open standard output, the writing end of a pipe, for reading", try_reopen,
          { O_RDONLY | O_NONBLOCK }, .path = STDOUT },
        { "output-pipe-size", "enlarge the pipe of standard output", try_pipe_size },
        { "error-read", "read what stands in standard error, passed for appending",
          try_reopen, { O_RDONLY }, .path = STDERR },
        { "error-overwrite", "open it without O_APPEND", try_reopen, { O_WRONLY }, .path = STDERR },
        { "error-no-append", "clear O_APPEND", try_no_append },
        { "error-truncate", "truncate it", try_truncate_error },
        { "inherited-fd", "find another open fd", try_inherited },
        { "forged-credentials", "forge the sender of a message (SCM_CREDENTIALS)", try_forge },
        { "terminal", "open the caller's terminal (/dev/tty)", try_reopen, { O_RDWR }, .path = "/dev/tty" },
        { "terminal-number", "open the caller's terminal by its number", try_terminal_number },
        { "terminal-input", "push input into a terminal (TIOCSTI)", try_push_input },
        { "terminal-linux", "act on a virtual console (TIOCLINUX)", try_console_call, .reaches = ENOTTY },
        { "terminal-console", "take over the console's output (TIOCCONS)", try_console_output, .reaches = EBUSY },
};
AREA(area_fds, "Open files and terminals");
