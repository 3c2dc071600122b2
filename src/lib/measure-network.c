/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In an instance with a network of its own, each peer of ConnectTo= has an address on the loopback device:
 * plan/network/peers.h. An address that no peer of the policy has leads to a peer of somebody else's policy. */
#include "lib/measure-network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>

#include "plan/network/flows.h"
#include "util/fd.h"

/* The table has two lines of headings, and then a line for each device: "    lo: …". */
int measure_loopback(void) {
        _cleanup_free_ char *table = NULL;
        char *position = NULL;
        unsigned n = 0;
        int r;

        r = file_read(AT_FDCWD, "/proc/self/net/dev", &table, NULL);
        if (r < 0)
                return r;
        for (char *line = strtok_r(table, "\n", &position); line; line = strtok_r(NULL, "\n", &position))
                if (n++ >= 2 && !startswith(line + strspn(line, " "), "lo:"))
                        return 0;
        return 1;
}

/* is_of_flows: the address is one of those that every instance has whose connections isorun carries. Names of peers are
 * below it, and cannot be told apart. */
static bool is_of_peer(const Policy *policy, int family, const void *address, size_t size, bool is_of_flows) {
        const SettingList *peers = &policy->settings[D_ConnectTo];

        if (policy_is_true(policy, D_GrantPeers) || (is_of_flows && peers->n + policy->settings[D_ListenOn].n > 0))
                return true;
        for (size_t i = 0; i < peers->n; i++) {
                struct in6_addr peer;

                if (inet_pton(family, peers->items[i].value.words[0], &peer) == 1 && memcmp(&peer, address, size) == 0)
                        return true;
        }
        return false;
}

static bool is_known(const Policy *policy, const struct in_addr *a) {
        const uint32_t number = ntohl(a->s_addr), mask = UINT32_MAX << (32 - FLOWS_PREFIX);
        const bool is_of_flows = ((number ^ ntohl(inet_addr(FLOWS_NETWORK))) & mask) == 0;

        return number >> 24 == IN_LOOPBACKNET || is_of_peer(policy, AF_INET, a, sizeof(*a), is_of_flows);
}

static bool is_known6(const Policy *policy, const struct in6_addr *a) {
        uint32_t number;

        return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
               is_of_peer(policy, AF_INET6, a, sizeof(*a), flows_read_twin(a->s6_addr, &number));
}

/* A trie of routes: "   |-- ADDRESS", and below it a line such as "      /32 host LOCAL". */
static int look_at_addresses(const Policy *policy, char ret[static INET6_ADDRSTRLEN]) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        struct in_addr address = { htonl(INADDR_LOOPBACK) };
        int r;

        r = file_read(AT_FDCWD, "/proc/self/net/fib_trie", &text, NULL);
        if (r < 0)
                return r == -ENOENT ? 1 : r;
        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                const char *leaf = startswith(line + strspn(line, " "), "|-- ");

                if (leaf)
                        (void) inet_pton(AF_INET, leaf, &address);
                else if (strstr(line, "/32 host LOCAL") && !is_known(policy, &address))
                        return inet_ntop(AF_INET, &address, ret, INET6_ADDRSTRLEN) ? 0 : -errno;
        }
        return 1;
}

/* Each line begins with the 32 digits of an address. */
static int look_at_addresses6(const Policy *policy, char ret[static INET6_ADDRSTRLEN]) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r;

        r = file_read(AT_FDCWD, "/proc/self/net/if_inet6", &text, NULL);
        if (r < 0)
                return r == -ENOENT ? 1 : r;
        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                struct in6_addr address;
                unsigned n = 0;

                while (n < sizeof(address) && sscanf(line + 2 * n, "%2hhx", &address.s6_addr[n]) == 1)
                        n++;
                if (n == sizeof(address) && !is_known6(policy, &address))
                        return inet_ntop(AF_INET6, &address, ret, INET6_ADDRSTRLEN) ? 0 : -errno;
        }
        return 1;
}

int measure_addresses(const Policy *policy, char ret[static INET6_ADDRSTRLEN]) {
        int r = look_at_addresses(policy, ret);

        return r > 0 ? look_at_addresses6(policy, ret) : r;
}
