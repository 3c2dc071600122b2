/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/network/flows.h"
#include "util/fd.h"
#include "util/text.h"

typedef struct Network {
        const char *address;
        unsigned bits;
        bool is_private; /* a policy may allow it */
        bool of_peers;   /* an isorun around this one gives these addresses to its peers, and nobody else does there */
} Network;

/* The special-purpose addresses of RFC 6890 and its registries, and the services of clouds that give the secrets of a
 * machine to everything on it: metadata, and the credentials of containers. */
static const Network refused[] = {
        { "0.0.0.0", 8 },           { "127.0.0.0", 8 },          { "169.254.0.0", 16 },     { "192.0.0.0", 24 },
        { "192.0.2.0", 24 },        { "192.88.99.0", 24 },       { "198.51.100.0", 24 },    { "203.0.113.0", 24 },
        { "224.0.0.0", 3 },         { "10.0.0.0", 8, true },     { "172.16.0.0", 12, true },
        { "192.168.0.0", 16, true }, { "100.64.0.0", 10, true },
        /* The first three are no peer's: FLOWS_NETWORK is the program's own, FLOWS_CLIENT that of its clients. */
        { "198.18.0.0", 31 },       { "198.18.0.2", 32 },        { "198.18.0.0", 15, .of_peers = true },
        { FLOWS_NETWORK6 "c612:0", 127 }, { FLOWS_NETWORK6 "c612:2", 128 }, /* their twins */
        /* All but 2000::/3 and the private fc00::/7: loopback, link-local, multicast, those that embed an IPv4 one */
        { "::", 3 },                { "4000::", 2 },             { "8000::", 2 },           { "c000::", 3 },
        { "e000::", 4 },            { "f000::", 5 },             { "f800::", 6 },           { "fe00::", 7 },
        /* Teredo and other protocols, 6to4, documentation */
        { "2001::", 23 },           { "2002::", 16 },            { "2001:db8::", 32 },      { "3fff::", 20 },
        { FLOWS_NETWORK6, FLOWS_PREFIX6, .of_peers = true }, { "fc00::", 7, true },
        /* Azure, Alibaba (2), Amazon, Google, Oracle (its other one is in 192.0.0.0/24), Scaleway, Linode */
        { "168.63.129.16", 32 },    { "100.100.100.200", 32 },   { "fd00:100::100:200", 128 }, { "fd00:ec2::", 32 },
        { "fd20:ce::254", 128 },    { "fd00:c1::a9fe:a9fe", 128 }, { "fd00:42::42", 128 },
        { "fd00:a9fe:a9fe::1", 128 },
};

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

static bool is_in(const Address *a, const Network *network) {
        const uint8_t *bytes = address_bytes(a), *start;
        unsigned whole = network->bits / 8, rest = network->bits % 8;
        Address n;

        if (!address_parse(network->address, 0, &n) || n.any.sa_family != a->any.sa_family)
                return false;
        start = address_bytes(&n);
        return memcmp(bytes, start, whole) == 0 && (rest == 0 || (bytes[whole] ^ start[whole]) >> (8 - rest) == 0);
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
        if (a->any.sa_family != AF_INET && a->any.sa_family != AF_INET6)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (is_in(a, &refused[i])) {
                        if (refused[i].of_peers) /* to the kernel, they are all this host's own */
                                return !has_peers_around(routes);
                        if (!refused[i].is_private || !private_too)
                                return true;
                }
        return is_of_host(a, routes);
}
