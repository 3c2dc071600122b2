/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/inner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan/network/flows.h"
#include "sandbox/flows/confine.h"
#include "sandbox/wire/packet.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"

/* Joins the user namespace that owns the network, unless this process is in it already. */
static int join_users(int network) {
        _cleanup_close_ int users = ioctl(network, NS_GET_USERNS);
        struct stat theirs, own;

        if (users < 0 || fstat(users, &theirs) < 0 || stat("/proc/self/ns/user", &own) < 0)
                return -errno;
        if (theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev)
                return 0;
        return setns(users, CLONE_NEWUSER) < 0 ? -errno : 0;
}

static int join(int socket) {
        _cleanup_close_ int network = ioctl(socket, SIOCGSKNS);
        int r;

        if (network < 0)
                return -errno;
        r = join_users(network);
        return r >= 0 && setns(network, CLONE_NEWNET) < 0 ? -errno : r;
}

static int make_socket(void) {
        struct sockaddr_in client = { .sin_family = AF_INET };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int yes = 1;

        (void) inet_pton(AF_INET, FLOWS_CLIENT, &client.sin_addr);
        if (fd < 0)
                return -errno;
        /* The port is chosen by connect(2), for each server anew. Otherwise 28000 connections would use all of them. */
        if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes)) < 0 ||
            bind(fd, (struct sockaddr *) &client, sizeof(client)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Sends sockets as fast as they are taken. The kernel may refuse one for lack of memory, or because too many fds of
 * this user are on their way. */
static int send_sockets(int channel) {
        for (;;) {
                struct iovec byte = { .iov_base = (char[1]) { 0 }, .iov_len = 1 };
                int fd = make_socket(), r = fd < 0 ? fd : packet_send(channel, &byte, 1, &fd, 1, 0);

                fd_close(fd);
                if (r == -EPIPE || r == -ECONNRESET)
                        return 0;
                if (r < 0 && r != -EINTR)
                        nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
        }
}

_Noreturn static void inner_main(int network, int channel) {
        const int size = 8192; /* room for about 20 sockets */
        int r;

        r = join(network);
        if (r >= 0 && dup2(channel, STDERR_FILENO + 1) < 0)
                r = -errno;
        if (r >= 0 && close_range(STDERR_FILENO + 2, ~0U, 0) < 0)
                r = -errno;
        channel = STDERR_FILENO + 1;
        (void) process_hide_arguments("isorun-inner");
        (void) prctl(PR_SET_NAME, "isorun-inner");
        (void) setsockopt(channel, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        if (r >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = -errno;
        if (r >= 0)
                r = capability_set_ambient(0);
        if (r >= 0)
                r = capability_set(&(CapabilitySets) {});
        if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                r = -errno;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL); /* setns(2) of a user namespace clears it */
        if (r >= 0)
                r = confine_inner();
        if (r >= 0 && send(channel, &(char) { 0 }, 1, MSG_NOSIGNAL) < 0)
                r = -errno;
        _exit(r < 0 ? -r : send_sockets(channel) < 0);
}

/* Waits for the byte that the process sends if it has succeeded. If it ends without, its exit status is the errno. */
static int await(int channel, pid_t pid) {
        siginfo_t info = {};
        char c;

        if (TEMP_FAILURE_RETRY(recv(channel, &c, 1, 0)) == 1)
                return 0;
        return waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT) >= 0 && info.si_code == CLD_EXITED && info.si_status > 0 ?
                       -info.si_status : -ECHILD;
}

int inner_start(int network, int *ret_pidfd) {
        int fds[2], pidfd, r;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                close(fds[0]);
                inner_main(network, fds[1]);
        }
        close(fds[1]);
        pidfd = pid < 0 ? -1 : sys_pidfd_open(pid, 0);
        r = pidfd < 0 ? -errno : await(fds[0], pid);
        if (r < 0) {
                inner_end(fds[0], pidfd);
                return r;
        }
        *ret_pidfd = pidfd;
        return fds[0];
}

int inner_take(int socket) {
        char byte;
        size_t size;
        int fd = -1, r;

        do
                r = packet_receive(socket, &byte, 1, &size, &fd, 1, MSG_DONTWAIT);
        while (r > 0 && fd < 0);
        return r > 0 ? fd : r == 0 ? -EPIPE : r;
}

void inner_end(int socket, int pidfd) {
        fd_close(socket);
        if (pidfd < 0)
                return;
        (void) TEMP_FAILURE_RETRY(wait4(-1, NULL, 0, NULL)); /* as resolver_end() */
        fd_close(pidfd);
}
