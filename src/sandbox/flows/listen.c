/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ipv6.h>
#include <linux/ipv6_route.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "plan/network/flows.h"
#include "plan/network/peers.h"
#include "sandbox/flows/address.h"
#include "sandbox/root/root.h"
#include "sandbox/wire/message.h"
#include "util/fd.h"

enum { LOOPBACK_INDEX = 1 }; /* of each network: net/core/dev.c */
enum { BACKLOG = 4096 }; /* the kernel lowers it to net.core.somaxconn */

Address listen_address(const PlanPeer *p) {
        Address a = {};

        if (p->ipv6) {
                a.v6 = (struct sockaddr_in6) { .sin6_family = AF_INET6, .sin6_port = htons(p->port) };
                memcpy(&a.v6.sin6_addr, p->address, sizeof(a.v6.sin6_addr));
        } else {
                a.v4 = (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = htons(p->port) };
                memcpy(&a.v4.sin_addr, p->address, sizeof(a.v4.sin_addr));
        }
        return a;
}

Address listen_twin(const PlanPeer *p) {
        Address a = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(p->port) } };

        if (p->is_at_loopback6)
                a.v6.sin6_addr = in6addr_loopback;
        else if (!p->is_pattern)
                flows_write_twin(peer_address(p), a.v6.sin6_addr.s6_addr);
        return a;
}

/* Adds an address to the loopback device: netdevice(7). A name of its own ("lo:1") keeps the other addresses. */
static int add_ipv4(int socket, unsigned number, struct in_addr address, unsigned prefix) {
        struct ifreq request = {};
        struct sockaddr_in value = { .sin_family = AF_INET, .sin_addr = address };

        snprintf(request.ifr_name, sizeof(request.ifr_name), "lo:%u", number);
        memcpy(&request.ifr_addr, &value, sizeof(value));
        if (ioctl(socket, SIOCSIFADDR, &request) < 0)
                return -errno;
        value.sin_addr.s_addr = htonl(UINT32_MAX << (32 - prefix));
        memcpy(&request.ifr_netmask, &value, sizeof(value));
        return ioctl(socket, SIOCSIFNETMASK, &request) < 0 ? -errno : 0;
}

static int add_ipv6(const uint8_t address[static 16]) {
        _cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq lo = { .ifr_name = "lo" };
        struct in6_ifreq request = { .ifr6_prefixlen = 128 };

        if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &lo) < 0)
                return -errno;
        request.ifr6_ifindex = lo.ifr_ifindex;
        memcpy(&request.ifr6_addr, address, sizeof(request.ifr6_addr));
        return ioctl(fd, SIOCSIFADDR, &request) < 0 && errno != EEXIST ? -errno : 0;
}

/* Lets a TCP segment on the loopback device have 256 KiB instead of 64, which saves about a fifth of the processor time
 * for each byte. The MTU stays. If the kernel (before 6.3) or the filter of a unit refuses, everything works as
 * without. */
static void enlarge_segments(void) {
        enum { SEGMENTS = 262144, IPV4_SIZE = 63 /* IFLA_GSO_IPV4_MAX_SIZE of Linux 6.3 */ };
        const struct rtattr head = { .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_GSO_MAX_SIZE };
        struct {
                struct nlmsghdr header;
                struct ifinfomsg link;
                struct {
                        struct rtattr head;
                        uint32_t value;
                } sizes[2];
        } request = {
                .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST },
                .link.ifi_index = LOOPBACK_INDEX,
                .sizes = { { head, SEGMENTS }, { head, SEGMENTS } },
        };
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        request.sizes[1].head.rta_type = IPV4_SIZE;
        if (fd >= 0)
                (void) send(fd, &request, sizeof(request), 0);
}

/* For all connections in this network. The file is that of the reader's network. If it is read-only, everything works
 * as without. */
static void choose_congestion(int proc) {
        (void) file_write(proc, proc < 0 ? "/proc/sys/net/ipv4/tcp_congestion_control"
                                         : "sys/net/ipv4/tcp_congestion_control", FLOWS_LOOPBACK_CONGESTION);
}

/* Makes the whole network of the twins local: ipv6(7). An address of it would not do that, and with one, programs would
 * prefer the twins. Returns whether this network has IPv6: it may be off, or denied by a sandbox around. */
static bool add_network6(void) {
        enum { ROUTE_UP = 1 }; /* RTF_UP of <linux/route.h>, which conflicts with <net/if.h> */
        _cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq lo = { .ifr_name = "lo" };
        struct in6_rtmsg route = { .rtmsg_dst_len = FLOWS_PREFIX6, .rtmsg_flags = ROUTE_UP | RTF_LOCAL,
                                   .rtmsg_type = RTN_LOCAL };

        if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &lo) < 0 || inet_pton(AF_INET6, FLOWS_NETWORK6, &route.rtmsg_dst) != 1)
                return false;
        route.rtmsg_ifindex = lo.ifr_ifindex;
        return ioctl(fd, SIOCADDRT, &route) >= 0;
}

int listen_add_address(const Address *a, unsigned number) {
        _cleanup_close_ int fd = -1;

        if (a->any.sa_family == AF_INET6)
                return add_ipv6(a->v6.sin6_addr.s6_addr);
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return fd < 0 ? -errno : add_ipv4(fd, number, a->v4.sin_addr, 32);
}

static Subject subject_peer(const Plan *plan, const PlanPeer *p) {
        return (Subject) { SUBJECT_PEER, (uint32_t) (p - plan->peers) };
}

/* The whole of 127.0.0.0/8 and ::1 are local already. */
static bool is_loopback(const PlanPeer *p) {
        static const uint8_t loopback[16] = { [15] = 1 };

        return p->ipv6 ? memcmp(p->address, loopback, sizeof(loopback)) == 0 : p->address[0] == 127;
}

bool listen_has_address(const PlanPeer *p) {
        return !p->literal || is_loopback(p);
}

static int add_addresses(const Plan *plan, Failure *f) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct in_addr address;
        unsigned n = 1;
        int r;

        if (fd < 0)
                return fail(f, errno, "cannot make a socket%s", failure_socket_hint(errno));
        (void) inet_pton(AF_INET, FLOWS_NETWORK, &address);
        r = add_ipv4(fd, n, address, FLOWS_PREFIX);
        if (r < 0)
                return fail(f, -r, "cannot give the loopback device an address");
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                const Address a = listen_address(p);

                if (listen_has_address(p))
                        continue;
                r = listen_add_address(&a, ++n);
                if (r < 0)
                        return fail_at(f, subject_peer(plan, p), -r, "cannot give the loopback device the address %s%s",
                                       p->host, r == -EAFNOSUPPORT ? " (this system has no IPv6)" : "");
        }
        return 0;
}

/* A new IPv6 address can be used when a thread of the kernel has looked at it, also on the loopback device. */
static int bind_to(int fd, const Address *a) {
        enum { TRIES_MAX = 2000 };

        for (int i = 0; bind(fd, &a->any, address_size(a)) < 0; i++) {
                if (errno != EADDRNOTAVAIL || a->any.sa_family != AF_INET6 || i == TRIES_MAX)
                        return -errno;
                nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
        }
        return 0;
}

/* A socket for IPv6 is for that alone, as IPv4 has one of its own. No address is there for a twin, but a route. */
static int set_ipv6(int fd, const Address *a) {
        const int yes = 1;
        uint32_t other;

        if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) < 0 ||
            (flows_read_twin(a->v6.sin6_addr.s6_addr, &other) &&
             setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof(yes)) < 0))
                return -errno;
        return 0;
}

int listen_at(const Address *a, int type) {
        _cleanup_close_ int fd = socket(a->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        /* With SO_REUSEADDR, another socket could take the datagrams. */
        if (fd < 0 ||
            (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int)) < 0))
                return -errno;
        r = a->any.sa_family == AF_INET6 ? set_ipv6(fd, a) : 0;
        if (r >= 0)
                r = bind_to(fd, a);
        if (r >= 0 && type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

/* Where the sockets go. */
typedef struct Receiver {
        int socket; /* of isorun */
        int number; /* of the next one */
        bool ipv6;  /* this network has IPv6 */
} Receiver;

static int send_fd(Receiver *to, int fd) {
        const Message m = { .type = MESSAGE_LISTENING, .value = to->number++, .status = to->ipv6 };

        return message_send(to->socket, &m, &fd, 1);
}

static int send_socket(const Address *a, int type, Receiver *to) {
        _cleanup_close_ int fd = listen_at(a, type);

        return fd < 0 ? fd : send_fd(to, fd);
}

static int listen_for_names(Receiver *to, Failure *f) {
        static const int types[LISTEN_NAME_SERVERS] = { SOCK_DGRAM, SOCK_STREAM };
        Address a = { .v4 = { .sin_family = AF_INET, .sin_port = htons(PEERS_NAME_SERVER_PORT) } };
        int r = 0;

        (void) inet_pton(AF_INET, PEERS_NAME_SERVER, &a.v4.sin_addr);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(types); i++)
                r = send_socket(&a, types[i], to);
        return r < 0 ? fail(f, -r, "cannot listen at the address of the name server") : 0;
}

static int listen_for_peer(const PlanPeer *p, Receiver *to) {
        const int type = p->is_datagram ? SOCK_DGRAM : SOCK_STREAM;
        const Address a = listen_address(p), twin = listen_twin(p);
        int r = p->is_covered ? 0 : send_socket(&a, type, to);

        return r >= 0 && to->ipv6 && listen_has_twin(p) ? send_socket(&twin, type, to) : r;
}

static int listen_for_peers(const Plan *plan, Receiver *to, Failure *f) {
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                int r = listen_for_peer(p, to);

                if (r < 0)
                        return fail_at(f, subject_peer(plan, p), -r, "cannot listen at the address of %s", p->host);
        }
        return listen_for_names(to, f);
}

/* Lets servers listen at all ports: ip-sysctl. The file is that of the reader's network. Where proc is -1, the /proc of
 * the host may be read-only, as in a container. */
static int open_ports(int proc, Failure *f) {
        _cleanup_close_ int own = -1;
        MountReason reason = {};
        int r;

        if (proc < 0) {
                proc = own = root_open_proc(&reason);
                if (proc < 0)
                        return fail(f, -proc, "cannot mount a new /proc%s", reason.text);
        }
        r = file_write(proc, "sys/net/ipv4/ip_unprivileged_port_start", "0");
        return r < 0 ? fail(f, -r, "cannot let servers listen at ports below 1024") : 0;
}

static bool has_low_port(const Plan *plan) {
        for (const PlanEntrance *e = plan->entrances; e < plan->entrances + plan->n_entrances; e++)
                if (e->inside < IPPORT_RESERVED)
                        return true;
        return false;
}

/* A socket that leads to this network: flows/inner.h. */
static int send_network(Receiver *to, Failure *f) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int r = fd < 0 ? -errno : send_fd(to, fd);

        return r < 0 ? fail(f, -r, "cannot make a socket%s", failure_socket_hint(-r)) : 0;
}

int listen_for_flows(const Plan *plan, int proc, int socket, Failure *f) {
        Receiver to = { .socket = socket, .ipv6 = plan_has_flows(plan) && add_network6() };
        int r;

        if (!plan_has_flows(plan))
                return 0;
        r = add_addresses(plan, f);
        enlarge_segments();
        choose_congestion(proc);
        if (r >= 0 && plan_has_names(plan))
                r = listen_for_peers(plan, &to, f);
        if (r >= 0 && has_low_port(plan))
                r = open_ports(proc, f);
        return r >= 0 && listen_needs_network(plan) ? send_network(&to, f) : r;
}
