/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/raw-call.h"

static const struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };

static int loopback_up(int socket) {
        return ioctl(socket, SIOCSIFFLAGS, &up);
}

/* Shares memory and fds with the first process inside, like a thread, also errno. That process uses errno meanwhile, so
 * this one leaves it alone, and cannot say why a call failed: network_join() then tries again, alone. The socket
 * belongs to the namespace and leads to it: SIOCGSKNS. */
static int make(void *argument) {
        Network *n = argument;
        long fd = raw_call(SYS_unshare, CLONE_NEWNET, 0, 0);

        if (fd >= 0)
                fd = raw_call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && raw_call(SYS_ioctl, fd, SIOCSIFFLAGS, (long) &up) >= 0)
                n->fd = (int) raw_call(SYS_ioctl, fd, SIOCGSKNS, 0);
        if (fd >= 0)
                (void) raw_call(SYS_close, fd, 0, 0);
        return 0;
}

/* "0.20 0.18 0.12 3/80 11206": three processes run or wait for a processor. Two of them are this one and isorun, which
 * will sleep soon and leave its processor to the new process. So one is free if the number is not above that of the
 * processors. */
bool network_has_processor(void) {
        char text[128];
        const char *running;
        cpu_set_t all;

        if (record_read_into(AT_FDCWD, "/proc/loadavg", text, sizeof(text)) < 0)
                return true;
        running = text;
        for (unsigned i = 0; i < 3 && running; i++)
                running = strchr(running + 1, ' ');
        if (!running || sched_getaffinity(0, sizeof(all), &all) < 0)
                return true;
        return CPU_COUNT(&all) > 1 && strtol(running, NULL, 10) <= CPU_COUNT(&all);
}

int network_make(Failure *f) {
        int r;

        if (unshare(CLONE_NEWNET) < 0)
                return fail(f, errno, "cannot make the network namespace%s", failure_hint(errno));
        r = network_loopback_up();
        return r < 0 ? fail(f, -r, "cannot bring up the loopback device%s%s", failure_socket_hint(-r), failure_hint(-r))
                     : 0;
}

/* While two processes share a table of fds, the kernel waits for a grace period before it makes the table larger
 * (expand_files()): several milliseconds. So the table gets its size before. Without it, all works, but slower. */
static void reserve_fds(unsigned n) {
        fd_close(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, n - 1));
}

/* Not a thread: the kernel counts a process as gone after waitpid(2), so that the limit of the unit's tasks has room
 * for the payload. With CLONE_FS, pivot_root(2) and setns(2) of the first process would be refused or reach too far. */
int network_begin(Network *n, unsigned fds, Failure *f) {
        enum { STACK_SIZE = 64 * 1024 };

        reserve_fds(fds);
        *n = (Network) { .fd = -1, .stack = malloc(STACK_SIZE) };
        if (!n->stack)
                return fail(f, ENOMEM, "cannot make the network namespace");
        n->maker = clone(make, n->stack + STACK_SIZE, CLONE_VM | CLONE_FILES, n);
        return n->maker < 0 ? fail(f, errno, "cannot make a process for the network namespace") : 0;
}

int network_join(Network *n, Failure *f) {
        _cleanup_close_ int fd = -1;

        if (n->maker == 0)
                return 0;
        while (waitpid(n->maker, NULL, __WALL) < 0)
                if (errno != EINTR)
                        return fail(f, errno, "cannot wait for the network namespace");
        n->maker = 0;
        free(n->stack);
        fd = n->fd;
        if (fd < 0)
                return network_make(f);
        return setns(fd, CLONE_NEWNET) < 0 ? fail(f, errno, "cannot join the network namespace%s", failure_hint(errno))
                                           : 0;
}

int network_loopback_up(void) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        return fd < 0 || loopback_up(fd) < 0 ? -errno : 0;
}
