/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/peers.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>

#include "plan/network/kind.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"

/* An address of the record: "192.0.2.1:53/udp", "[2001:db8::1]:80". */
typedef struct Address {
        char text[INET6_ADDRSTRLEN];
        uint8_t bytes[sizeof(struct in6_addr)];
        bool ipv6, udp;
        unsigned port;
} Address;

static bool parse(const char *key, Address *ret) {
        const char *end = *key == '[' ? strchr(key, ']') : strchr(key, ':'), *port;
        _cleanup_free_ char *number = NULL;
        uint64_t n;

        *ret = (Address) { .ipv6 = *key == '[' };
        port = end && ret->ipv6 ? end + 1 : end;
        if (!port || *port != ':' || (size_t) (end - key) >= sizeof(ret->text))
                return false;
        memcpy(ret->text, key + ret->ipv6, (size_t) (end - key - ret->ipv6));
        ret->udp = endswith(port, "/udp");
        number = strndup(port + 1, strcspn(port + 1, "/"));
        if (!number || parse_u64_range(number, 1, UINT16_MAX, &n) < 0 ||
            inet_pton(ret->ipv6 ? AF_INET6 : AF_INET, ret->text, ret->bytes) != 1)
                return false;
        ret->port = (unsigned) n;
        return true;
}

static bool is_loopback(const Address *a) {
        return startswith(a->text, a->ipv6 ? "::ffff:127." : "127.") || streq(a->text, "::1");
}

static bool is_any(const Address *a) {
        return streq(a->text, a->ipv6 ? "::" : "0.0.0.0");
}

static const RecordUse *find_use(const Record *r, const char *key, unsigned use) {
        for (size_t i = 0; i < record_n_uses(r); i++)
                if (record_use(r, i)->uses & use && streq(record_use(r, i)->key, key))
                        return record_use(r, i);
        return NULL;
}

/* Whether the payload itself has bound a socket there. */
static bool is_own(const Record *r, const Address *to) {
        for (size_t i = 0; i < record_n_uses(r); i++) {
                const RecordUse *u = record_use(r, i);
                Address at;

                if (u->uses & USED_BIND && parse(u->key, &at) && at.port == to->port && at.udp == to->udp &&
                    (is_any(&at) || streq(at.text, to->text)))
                        return true;
        }
        return false;
}

/* getaddrinfo(3) connects a datagram socket to each address that it has found, and sends nothing. */
static bool is_only_tried(const Record *r, const RecordUse *use) {
        _cleanup_free_ char *tcp = strndup(use->key, strlen(use->key) - strlen("/udp"));

        return tcp && find_use(r, tcp, USED_CONNECT);
}

static const char *next_line(const char *line) {
        line = strchrnul(line, '\n');
        return line + (*line == '\n');
}

static bool is_name_server(const Address *a, const char *resolver) {
        for (const char *line = resolver; line && *line; line = next_line(line)) {
                const char *at = startswith(line, "nameserver");

                at = at ? at + strspn(at, " \t") : NULL;
                if (at && strncmp(at, a->text, strlen(a->text)) == 0 && !isalnum((unsigned char) at[strlen(a->text)]))
                        return true;
        }
        return false;
}

static int add(RecordPeers *peers, char *line, const RecordCount *count) {
        RecordPeer *p = NULL;

        for (size_t i = 0; line && i < peers->n; i++)
                if (streq(peers->items[i].line, line)) {
                        free(line);
                        record_count_add(&peers->items[i].count, count);
                        return 0;
                }
        p = line ? ARRAY_APPEND(peers->items, peers->n) : NULL;
        if (!p) {
                free(line);
                return -ENOMEM;
        }
        *p = (RecordPeer) { line, *count };
        return 0;
}

/* A name that can be in a policy. It is the payload's, or the host's. */
static bool is_name(const char *name, size_t n) {
        bool letter = false;

        for (size_t i = 0; i < n; i++) {
                letter = letter || isalpha((unsigned char) name[i]);
                if (!isalnum((unsigned char) name[i]) && (i == 0 || !strchr("-.", name[i])))
                        return false;
        }
        return letter && n < 254 && name[n - 1] != '.';
}

/* A name of the host's own table leads to this address whatever it is. To an address to which no name may lead, the
 * policy says it. */
static int add_name(RecordPeers *peers, const char *name, size_t n, const Address *a, bool is_fixed,
                    const RecordCount *count) {
        const char *udp = a->udp ? "/udp" : "";
        const NetworkKind kind = network_kind(a->ipv6 ? AF_INET6 : AF_INET, a->bytes);
        _cleanup_free_ char *target =
                is_fixed || kind == NETWORK_REFUSED ? format(a->ipv6 ? "=[%s]:%u" : "=%s:%u", a->text, a->port)
                                                    : strdup(kind == NETWORK_PRIVATE ? "=private" : "");

        if (!target)
                return -ENOMEM;
        return add(peers, format("%.*s:%u%s%s", (int) n, name, a->port, udp, target), count);
}

/* Returns 1 if the address has a name there. */
static int add_from_hosts(RecordPeers *peers, const char *hosts, const Address *a, const RecordCount *count) {
        int r = 0;

        for (const char *line = hosts; r >= 0 && line && *line; line = next_line(line)) {
                const size_t n = strcspn(line, " \t\n");

                if (n != strlen(a->text) || strncmp(line, a->text, n) != 0)
                        continue;
                for (const char *name = line + n + strspn(line + n, " \t"); r >= 0 && *name && !strchr("#\n", *name);) {
                        const size_t size = strcspn(name, " \t\n#");

                        if (is_name(name, size) && !startswith(name, "localhost") && !startswith(name, "ip6-"))
                                r = add_name(peers, name, size, a, true, count) < 0 ? -ENOMEM : 1;
                        name += size + strspn(name + size, " \t");
                }
        }
        return r;
}

static int add_looked_up(RecordPeers *peers, const Record *record, const Address *a, const RecordCount *count) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < record_n_uses(record); i++) {
                const char *key = record_use(record, i)->key, *equals = strchrnul(key, '=');

                if (key[0] == RECORD_NAME && *equals && streq(equals + 1, a->text) &&
                    is_name(key + 1, (size_t) (equals - key - 1)))
                        r = add_name(peers, key + 1, (size_t) (equals - key - 1), a, false, count) < 0 ? -ENOMEM : 1;
        }
        return r;
}

/* By the name that was looked up; or by the address, as localhost or as it is. */
static int add_peer(RecordPeers *peers, const Record *record, const char *hosts, const Address *a,
                    const RecordCount *count) {
        const char *udp = a->udp ? "/udp" : "";
        int r = add_looked_up(peers, record, a, count);

        if (r == 0)
                r = add_from_hosts(peers, hosts, a, count);
        if (r < 0)
                return r;
        if (is_loopback(a))
                return add(peers, format("localhost:%u%s", a->port, udp), count);
        if (r > 0)
                return 0;
        return add(peers, format(a->ipv6 ? "[%s]:%u%s" : "%s:%u%s", a->text, a->port, udp), count);
}

static int note_listened(RecordPeers *peers, const Address *a) {
        enum { FREE_MIN = 32768 }; /* net.ipv4.ip_local_port_range, unless it is set */
        unsigned *port;

        if (a->port >= FREE_MIN)
                return 0;
        for (size_t i = 0; i < peers->n_listened; i++)
                if (peers->listened[i] == a->port)
                        return 0;
        port = ARRAY_APPEND(peers->listened, peers->n_listened);
        if (!port)
                return -ENOMEM;
        *port = a->port;
        return 0;
}

static int add_use(RecordPeers *peers, const Record *record, const char *hosts, const char *resolver,
                   const RecordUse *use) {
        Address a;

        if (!parse(use->key, &a))
                return 0;
        if (use->uses & USED_BIND && !a.udp && note_listened(peers, &a) < 0)
                return -ENOMEM;
        if (!(use->uses & USED_CONNECT) || is_any(&a) || is_own(record, &a) || (a.udp && is_only_tried(record, use)) ||
            (a.port == 53 && is_name_server(&a, resolver)))
                return 0;
        return add_peer(peers, record, hosts, &a, &use->count);
}

static int compare(const void *a, const void *b) {
        return strcmp(((const RecordPeer *) a)->line, ((const RecordPeer *) b)->line);
}

int record_find_peers(const Record *record, const char *hosts, const char *resolver, RecordPeers *ret) {
        RecordPeers peers = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < record_n_uses(record); i++)
                r = add_use(&peers, record, hosts, resolver, record_use(record, i));
        if (r < 0) {
                record_peers_deinit(&peers);
                return r;
        }
        if (peers.n > 1)
                qsort(peers.items, peers.n, sizeof(*peers.items), compare);
        *ret = peers;
        return 0;
}

bool record_uses_abstract(const Record *record) {
        for (size_t i = 0; i < record_n_uses(record); i++)
                if (record_use(record, i)->key[0] == '@' && record_use(record, i)->uses & USED_CONNECT &&
                    !(record_use(record, i)->uses & USED_BIND))
                        return true;
        return false;
}

void record_peers_deinit(RecordPeers *peers) {
        for (size_t i = 0; i < peers->n; i++)
                free(peers->items[i].line);
        free(peers->items);
        free(peers->listened);
        *peers = (RecordPeers) {};
}
