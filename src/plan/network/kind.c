/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/kind.h"

#include <arpa/inet.h>
#include <string.h>

#include "plan/network/flows.h"

typedef struct Network {
        const char *address;
        unsigned bits;
        NetworkKind kind;
} Network;

/* The special-purpose addresses of RFC 6890 and its registries, and the services of clouds that give the secrets of a
 * machine to everything on it: metadata, and the credentials of containers. */
static const Network networks[] = {
        { "0.0.0.0", 8 },           { "127.0.0.0", 8 },          { "169.254.0.0", 16 },     { "192.0.0.0", 24 },
        { "192.0.2.0", 24 },        { "192.88.99.0", 24 },       { "198.51.100.0", 24 },    { "203.0.113.0", 24 },
        { "224.0.0.0", 3 },         { "10.0.0.0", 8, NETWORK_PRIVATE },     { "172.16.0.0", 12, NETWORK_PRIVATE },
        { "192.168.0.0", 16, NETWORK_PRIVATE }, { "100.64.0.0", 10, NETWORK_PRIVATE },
        /* The first three are no peer's: FLOWS_NETWORK is the program's own, FLOWS_CLIENT that of its clients. */
        { "198.18.0.0", 31 },       { "198.18.0.2", 32 },        { "198.18.0.0", 15, NETWORK_OF_PEERS },
        { FLOWS_NETWORK6 "c612:0", 127 }, { FLOWS_NETWORK6 "c612:2", 128 }, /* their twins */
        /* All but 2000::/3 and the private fc00::/7: loopback, link-local, multicast, those that embed an IPv4 one */
        { "::", 3 },                { "4000::", 2 },             { "8000::", 2 },           { "c000::", 3 },
        { "e000::", 4 },            { "f000::", 5 },             { "f800::", 6 },           { "fe00::", 7 },
        /* Teredo and other protocols, 6to4, documentation */
        { "2001::", 23 },           { "2002::", 16 },            { "2001:db8::", 32 },      { "3fff::", 20 },
        { FLOWS_NETWORK6, FLOWS_PREFIX6, NETWORK_OF_PEERS }, { "fc00::", 7, NETWORK_PRIVATE },
        /* Azure, Alibaba (2), Amazon, Google, Oracle (its other one is in 192.0.0.0/24), Scaleway, Linode */
        { "168.63.129.16", 32 },    { "100.100.100.200", 32 },   { "fd00:100::100:200", 128 }, { "fd00:ec2::", 32 },
        { "fd20:ce::254", 128 },    { "fd00:c1::a9fe:a9fe", 128 }, { "fd00:42::42", 128 },
        { "fd00:a9fe:a9fe::1", 128 },
};

static bool is_in(int family, const uint8_t *address, const Network *network) {
        const unsigned whole = network->bits / 8, rest = network->bits % 8;
        uint8_t start[sizeof(struct in6_addr)];

        if (family != (strchr(network->address, ':') ? AF_INET6 : AF_INET) ||
            inet_pton(family, network->address, start) != 1 || memcmp(address, start, whole) != 0)
                return false;
        return rest == 0 || (address[whole] ^ start[whole]) >> (8 - rest) == 0;
}

NetworkKind network_kind(int family, const uint8_t *address) {
        NetworkKind kind = NETWORK_PUBLIC;

        for (size_t i = 0; i < ELEMENTSOF(networks); i++)
                if (is_in(family, address, &networks[i])) {
                        kind = networks[i].kind;
                        if (kind != NETWORK_PRIVATE) /* parts of private networks are not private */
                                break;
                }
        return kind;
}
