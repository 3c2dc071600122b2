/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/network/flows.h"
#include "plan/network/kind.h"
#include "util/fd.h"
#include "util/text.h"

bool address_parse(const char *text, uint16_t port, Address *ret) {
        *ret = (Address) {};
        if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
                ret->v4.sin_family = AF_INET;
                ret->v4.sin_port = htons(port);
                return true;
        }
        *ret = (Address) { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
        return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
}

static const uint8_t *address_bytes(const Address *a) {
        return a->any.sa_family == AF_INET ? (const uint8_t *) &a->v4.sin_addr : (const uint8_t *) &a->v6.sin6_addr;
}

char *address_format(const Address *a) {
        const bool v4 = a->any.sa_family == AF_INET;
        char text[INET6_ADDRSTRLEN];

        if (!v4 && a->any.sa_family != AF_INET6)
                return strdup("");
        (void) inet_ntop(a->any.sa_family, address_bytes(a), text, sizeof(text));
        return format(v4 ? "%s:%u" : "[%s]:%u", text, ntohs(v4 ? a->v4.sin_port : a->v6.sin6_port));
}

/* The kernel takes as the source of a packet to one of its own addresses that address. Nothing is sent. */
static bool is_source(const Address *a) {
        _cleanup_close_ int fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        Address source = {};
        socklen_t size = sizeof(source);

        if (fd < 0)
                return true;
        if (connect(fd, &a->any, address_size(a)) < 0)
                return false; /* no way leads there: the connection fails, too */
        return getsockname(fd, &source.any, &size) < 0 ||
               memcmp(address_bytes(a), address_bytes(&source), a->any.sa_family == AF_INET ? 4 : 16) == 0;
}

static bool can_bind(const Address *a) {
        _cleanup_close_ int fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        Address any_port = *a;

        address_set_port(&any_port, 0);
        return fd < 0 || bind(fd, &any_port.any, address_size(a)) >= 0 || errno != EADDRNOTAVAIL;
}

/* Whether a socket can have any address: ip_nonlocal_bind of ip-sysctl. The address is one for documentation. */
static bool can_bind_any(int family) {
        Address a;

        return address_parse(family == AF_INET ? "192.0.2.241" : "2001:db8:241::241", 0, &a) && can_bind(&a);
}

int routes_open(void) {
        return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* Asks the kernel where it would send a packet for the address. Returns the type of the route (RTN_*), or -errno. */
static int find_route(const Address *a, int routes) {
        const size_t n = a->any.sa_family == AF_INET ? 4 : 16;
        struct {
                struct nlmsghdr header;
                struct rtmsg route;
                struct rtattr attribute;
                uint8_t address[16];
        } question = {
                .header = { .nlmsg_len = (uint32_t) (NLMSG_LENGTH(sizeof(struct rtmsg)) + RTA_LENGTH(n)),
                            .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
                .route = { .rtm_family = (uint8_t) a->any.sa_family, .rtm_dst_len = (uint8_t) (n * 8) },
                .attribute = { .rta_len = (uint16_t) RTA_LENGTH(n), .rta_type = RTA_DST },
        };
        union {
                struct nlmsghdr header;
                uint8_t bytes[4096];
        } answer;
        ssize_t size;

        memcpy(question.address, address_bytes(a), n);
        /* The kernel has answered when send(2) returns. */
        if (send(routes, &question, question.header.nlmsg_len, 0) < 0)
                return -errno;
        size = recv(routes, &answer, sizeof(answer), MSG_DONTWAIT);
        if (size < 0)
                return -errno;
        if (!NLMSG_OK(&answer.header, (size_t) size))
                return -EPROTO;
        if (answer.header.nlmsg_type == NLMSG_ERROR)
                return ((const struct nlmsgerr *) NLMSG_DATA(&answer.header))->error ?: -EPROTO;
        return ((const struct rtmsg *) NLMSG_DATA(&answer.header))->rtm_type;
}

/* The route says it: ip_nonlocal_bind and local routes for whole networks (AnyIP) mislead the other two tests. A
 * process that may have no socket for routes has only those: the second address of a network is the source of nothing
 * that is sent to it, but a socket can have it. */
static bool is_of_host(const Address *a, int routes) {
        int type = routes < 0 ? -EBADF : find_route(a, routes);

        if (type >= 0)
                return type != RTN_UNICAST;
        return is_source(a) || (can_bind(a) && !can_bind_any(a->any.sa_family));
}

/* Whether this process is in a sandbox that has peers itself. */
static bool has_peers_around(int routes) {
        Address a;

        return address_parse(FLOWS_NETWORK, 0, &a) && is_of_host(&a, routes);
}

bool address_is_refused(const Address *a, bool private_too, int routes) {
        NetworkKind kind;

        if (a->any.sa_family != AF_INET && a->any.sa_family != AF_INET6)
                return true;
        kind = network_kind(a->any.sa_family, address_bytes(a));
        if (kind == NETWORK_OF_PEERS) /* to the kernel, they are all this host's own */
                return !has_peers_around(routes);
        return kind == NETWORK_REFUSED || (kind == NETWORK_PRIVATE && !private_too) || is_of_host(a, routes);
}
