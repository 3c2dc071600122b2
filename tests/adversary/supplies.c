/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel counts for a user or the whole machine. The suite bounds takes all that it gets of more kinds; here
 * it is a little more than the bound. */
#include "adversary.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TERMINALS = 256 + 1 }; /* isorun's bound is the same on every machine */

static int take_terminals(const char *path) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
        for (int i = 0; i < TERMINALS; i++)
                if (open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) < 0)
                        return -errno;
        return 0;
}

static int try_terminals(const Facts *facts, const Attempt *a) {
        return take_terminals("/dev/ptmx");
}

static int try_own_terminals(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        if (mount("devpts", "/mnt", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
                return -errno;
        return take_terminals("/mnt/ptmx");
}

/* The caller's bound is that of /proc/sys/fs, which does not show the smaller one of the sandbox. */
static int try_inotify(const Facts *facts, const Attempt *a) {
        FILE *f = fopen("/proc/sys/fs/inotify/max_user_instances", "re");
        int most = 0;

        if (!f)
                return -errno;
        if (fscanf(f, "%d", &most) != 1)
                most = 0;
        fclose(f);
        for (int i = 0; i < most / 2 + 1; i++)
                if (inotify_init1(IN_CLOEXEC) < 0)
                        return -errno;
        return most > 0 ? 0 : -ENODATA;
}

/* More fds on their way through a socket than the limit of most programs. */
static int try_flight(const Facts *facts, const Attempt *a) {
        enum { FDS = 250, MESSAGES = 5 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int) * FDS)];
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int) * FDS), .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS } };
        struct iovec iov = { (char *) "x", 1 };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        int pair[2];

        memset(CMSG_DATA(&control.header), 0, sizeof(int) * FDS); /* standard input, many times */
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
                return -errno;
        for (int i = 0; i < MESSAGES; i++)
                if (sendmsg(pair[0], &message, MSG_DONTWAIT) < 0)
                        return -errno;
        return 0;
}

static const Attempt attempts[] = {
        { "take-terminals", "more than its share of terminals", try_terminals },
        { "take-own-terminals", "the same from a devpts of its own", try_own_terminals },
        { "take-aio", "asynchronous I/O, which the machine has a number of",
          CALL(SYS_io_setup, 1, 0), .reaches = EFAULT },
        { "take-flight", "many fds on their way through a unix socket", try_flight },
        { "take-inotify", "more than half of the user's inotify instances", try_inotify },
};
AREA(area_supplies, "Supplies of the user and the machine");
