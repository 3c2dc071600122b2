/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "adversary.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <mqueue.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef AF_XDP
#define AF_XDP 44
#endif

static int try_socket(const Facts *facts, const Attempt *a) {
        return result(socket((int) a->args[0], (int) a->args[1] | SOCK_CLOEXEC, (int) a->args[2]));
}

/* Families without pairs make both sockets first, and then refuse. */
static int try_pair(const Facts *facts, const Attempt *a) {
        int pair[2], r = result(socketpair((int) a->args[0], (int) a->args[1], (int) a->args[2], pair));

        return r == -EOPNOTSUPP ? 0 : r;
}

static int connect_inet(int type, int port) {
        struct sockaddr_in address = {
                .sin_family = AF_INET, .sin_port = htons((uint16_t) port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        return connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : fd;
}

static int try_tcp(const Facts *facts, const Attempt *a) {
        int fd = connect_inet(SOCK_STREAM, facts->tcp);

        return fd < 0 ? fd : 0;
}

static int try_udp(const Facts *facts, const Attempt *a) {
        int fd = connect_inet(SOCK_DGRAM, facts->udp);

        return fd < 0 ? fd : result(send(fd, "x", 1, 0));
}

static int try_low_port(const Facts *facts, const Attempt *a) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return fd < 0 ? -errno : result(bind(fd, (struct sockaddr *) &address, sizeof(address)));
}

/* Sets the flags that the loopback device has. */
static int try_interface(const Facts *facts, const Attempt *a) {
        struct ifreq request = { .ifr_name = "lo" };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
                return -errno;
        return result(ioctl(fd, SIOCSIFFLAGS, &request));
}

static int connect_unix(int type, const char *name, size_t length) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        memcpy(address.sun_path, name, length);
        return result(connect(fd, (struct sockaddr *) &address,
                              (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length)));
}

static int try_abstract(const Facts *facts, const Attempt *a) {
        char name[sizeof(facts->name) + 1];
        int n = snprintf(name, sizeof(name), "@%s", facts->name);

        name[0] = 0;
        return connect_unix(SOCK_STREAM, name, (size_t) n);
}

/* In a directory that the policies show. */
static int try_shown(const Facts *facts, const Attempt *a) {
        char path[128];

        (void) snprintf(path, sizeof(path), "/opt/adversary/%s", facts->name);
        return connect_unix(SOCK_STREAM, path, strlen(path) + 1);
}

static int try_path(const Facts *facts, const Attempt *a) {
        return connect_unix((int) a->args[0], a->path, strlen(a->path) + 1);
}

static int try_shm(const Facts *facts, const Attempt *a) {
        return result(shmget(facts->key, 1, 0));
}

static int try_sem(const Facts *facts, const Attempt *a) {
        return result(semget(facts->key, 1, 0));
}

static int try_msg(const Facts *facts, const Attempt *a) {
        return result(msgget(facts->key, 0));
}

static int try_mqueue(const Facts *facts, const Attempt *a) {
        char name[sizeof(facts->name) + 1];

        (void) snprintf(name, sizeof(name), "/%s", facts->name);
        return result(mq_open(name, O_RDONLY));
}

static int try_posix_shm(const Facts *facts, const Attempt *a) {
        char name[sizeof(facts->name) + 1];

        (void) snprintf(name, sizeof(name), "/%s", facts->name);
        return result(shm_open(name, O_RDONLY, 0));
}

static const Attempt attempts[] = {
        { "inet-socket", "an internet socket", try_socket, { AF_INET, SOCK_STREAM } },
        { "inet-pair", "a pair of internet sockets", try_pair, { AF_INET, SOCK_STREAM } },
        { "unix-socket", "a unix socket", try_socket, { AF_UNIX, SOCK_STREAM } },
        { "tcp-host", "connect to the host's loopback", try_tcp },
        { "udp-host", "send to the host's loopback", try_udp, .asks = true },
        { "low-port", "listen on a port below 1024", try_low_port },
        { "interface", "set up a network device", try_interface },
        { "abstract-host", "connect to an abstract socket of the host", try_abstract },
        { "unix-opt", "connect to a unix socket of the host in /opt", try_shown },
        { "bus-host", "connect to the host's system bus", try_path, { SOCK_STREAM },
          .path = "/run/dbus/system_bus_socket" },
        { "systemd-host", "connect to the host's systemd", try_path, { SOCK_STREAM }, .path = "/run/systemd/private" },
        { "journal-host", "connect to the host's journal",
          try_path, { SOCK_DGRAM }, .path = "/run/systemd/journal/socket" },
        { "raw", "a raw socket", try_socket, { AF_INET, SOCK_RAW, 255 } },
        { "packet", "a packet socket", try_socket, { AF_PACKET, SOCK_RAW }, .needs = "packet sockets" },
        { "netlink-route", "a netlink socket to read routes and addresses", try_socket,
          { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE } },
        { "vsock", "a socket to the hypervisor", try_socket, { AF_VSOCK, SOCK_STREAM }, .needs = "vsock" },
        { "alg", "a socket of the kernel's crypto API", try_socket, { AF_ALG, SOCK_SEQPACKET }, .needs = "AF_ALG" },
        { "xdp", "an XDP socket", try_socket, { AF_XDP, SOCK_RAW }, .needs = "XDP" },
        { "bluetooth", "a bluetooth socket", try_socket, { AF_BLUETOOTH, SOCK_RAW, 1 }, .needs = "bluetooth" },
        { "can", "a CAN socket", try_socket, { AF_CAN, SOCK_RAW, 1 }, .needs = "CAN" },
        { "tipc", "a TIPC socket", try_socket, { AF_TIPC, SOCK_DGRAM }, .needs = "TIPC" },
        { "sysv-shm", "shared memory of the host", try_shm },
        { "sysv-sem", "a semaphore of the host", try_sem },
        { "sysv-msg", "a message queue of the host", try_msg },
        { "posix-mq", "a POSIX message queue of the host", try_mqueue },
        { "posix-shm", "POSIX shared memory of the host", try_posix_shm },
};
AREA(area_sockets, "Sockets and IPC");
