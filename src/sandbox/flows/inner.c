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
#include "sandbox/flows/listen.h"
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

/* A socket for both families, or where IPv6 is denied, for IPv4. */
static int make_socket(void) {
        const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, yes = 1, no = 0;
        _cleanup_close_ int fd = socket(AF_INET6, type, 0);

        if (fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0)
                return -errno;
        if (fd < 0)
                fd = socket(AF_INET, type, 0);
        if (fd < 0)
                return -errno;
        /* The port is chosen by connect(2), for each server anew. Otherwise 28000 connections would use all of them. */
        if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* The address as a socket for both families has it: ipv6(7). */
static Address mapped(const Address *a) {
        Address m = { .v6 = { .sin6_family = AF_INET6, .sin6_port = a->v4.sin_port } };

        if (a->any.sa_family != AF_INET)
                return *a;
        memset(m.v6.sin6_addr.s6_addr + 10, 0xff, 2);
        memcpy(m.v6.sin6_addr.s6_addr + 12, &a->v4.sin_addr, sizeof(a->v4.sin_addr));
        return m;
}

int inner_connect(int fd, const char *address, uint16_t port) {
        const int yes = 1;
        socklen_t size = sizeof(int);
        Address client, server;
        int family;

        (void) address_parse(address, port, &server);
        (void) address_parse(server.any.sa_family == AF_INET ? FLOWS_CLIENT : FLOWS_CLIENT6, 0, &client);
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
                return -errno;
        if (family == AF_INET6) {
                /* The client's address is no address of the device: a route leads there. */
                if (setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof(yes)) < 0)
                        return -errno;
                client = mapped(&client);
                server = mapped(&server);
        }
        if (bind(fd, &client.any, address_size(&client)) < 0 ||
            (connect(fd, &server.any, address_size(&server)) < 0 && errno != EINPROGRESS))
                return -errno;
        return 0;
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

/* The request is from the process with the flows, which the payload may have taken over. Returns 0 or -errno. */
static int make_requested(const InnerRequest *q, int *ret_fd) {
        int fd, r = 0;

        if (q->type != 0 && q->type != SOCK_STREAM && q->type != SOCK_DGRAM)
                return -EINVAL;
        if (q->number)
                r = listen_add_address(&q->address, q->number);
        if (r < 0 || q->type == 0)
                return r;
        fd = listen_at(&q->address, q->type);
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}

/* Makes the sockets that are asked for. Sends the errno, and the socket. */
static int serve_requests(int channel) {
        const struct timeval limit = { .tv_sec = INNER_SECONDS };
        InnerRequest q;

        (void) setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        for (;;) {
                ssize_t n = recv(channel, &q, sizeof(q), 0);
                struct iovec byte = { .iov_base = (uint8_t[1]) { 0 }, .iov_len = 1 };
                int fd = -1, r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n != sizeof(q))
                        return 0;
                r = make_requested(&q, &fd);
                *(uint8_t *) byte.iov_base = (uint8_t) -r;
                if (packet_send(channel, &byte, 1, &fd, fd >= 0, 0) < 0)
                        return 0;
                fd_close(fd);
        }
}

/* Drops all capabilities but those that the process needs. */
static int drop_capabilities(bool listens) {
        const uint64_t kept = listens ? UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_BIND_SERVICE : 0;
        int r = capability_set_ambient(0);

        return r < 0 ? r : capability_set(&(CapabilitySets) { .effective = kept, .permitted = kept });
}

_Noreturn static void inner_main(int network, bool listens, int channel) {
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
                r = drop_capabilities(listens);
        if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                r = -errno;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL); /* setns(2) of a user namespace clears it */
        if (r >= 0)
                r = confine_inner(listens);
        if (r >= 0 && send(channel, &(char) { 0 }, 1, MSG_NOSIGNAL) < 0)
                r = -errno;
        _exit(r < 0 ? -r : (listens ? serve_requests(channel) : send_sockets(channel)) < 0);
}

/* Waits for the byte that the process sends if it has succeeded. If it ends without, its exit status is the errno. */
static int await(int channel, pid_t pid) {
        siginfo_t info = {};
        char c;

        if (TEMP_FAILURE_RETRY(recv(channel, &c, 1, 0)) == 1)
                return 0;
        if (waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT) < 0 || info.si_code != CLD_EXITED)
                return -ECHILD;
        return info.si_status > 0 ? -info.si_status : -ECHILD;
}

int inner_start(int network, bool listens, int *ret_pidfd) {
        int fds[2], pidfd, r;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                close(fds[0]);
                inner_main(network, listens, fds[1]);
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

int inner_ask(int socket, const InnerRequest *request) {
        return send(socket, request, sizeof(*request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int inner_answer(int socket, int *ret) {
        uint8_t error;
        size_t size;
        int fd = -1, r;

        r = packet_receive(socket, &error, sizeof(error), &size, &fd, 1, MSG_DONTWAIT);
        if (r <= 0)
                return r < 0 ? r : -EPIPE;
        if (error) {
                fd_close(fd);
                return -error;
        }
        *ret = fd;
        return 0;
}

void inner_end(int socket, int pidfd) {
        fd_close(socket);
        if (pidfd < 0)
                return;
        (void) TEMP_FAILURE_RETRY(wait4(-1, NULL, 0, NULL)); /* as resolver_end() */
        fd_close(pidfd);
}
