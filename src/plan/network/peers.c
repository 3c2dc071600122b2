/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/peers.h"

#include <arpa/inet.h>
#include <errno.h>

#include "plan/network/flows.h"
#include "plan/network/peer-unit.h"
#include "plan/network/search.h"
#include "util/array.h"
#include "util/text.h"

static uint32_t as_number(const uint8_t address[static 4]) {
        return (uint32_t) address[0] << 24 | (uint32_t) address[1] << 16 | (uint32_t) address[2] << 8 | address[3];
}

static uint32_t parse_ipv4(const char *text) {
        struct in_addr a = {};

        (void) inet_pton(AF_INET, text, &a);
        return ntohl(a.s_addr);
}

static bool is_in(const PlanPeer *p, const char *network, unsigned bits) {
        return !p->ipv6 && (as_number(p->address) ^ parse_ipv4(network)) >> (32 - bits) == 0;
}

bool peer_read_address(PlanPeer *p) {
        if (streq(p->host, "localhost"))
                return inet_pton(AF_INET, "127.0.0.1", p->address) == 1;
        p->ipv6 = strchr(p->host, ':');
        return inet_pton(p->ipv6 ? AF_INET6 : AF_INET, p->host, p->address) == 1;
}

bool peer_address_is_usable(const PlanPeer *p) {
        static const uint8_t none[16], mapped[12] = { [10] = 0xff, [11] = 0xff };

        uint32_t other;

        if (p->ipv6)
                return memcmp(p->address, none, sizeof(none)) != 0 && p->address[0] != 0xff &&
                       memcmp(p->address, mapped, sizeof(mapped)) != 0 && !flows_read_twin(p->address, &other);
        return !is_in(p, "0.0.0.0", 8) && !is_in(p, "224.0.0.0", 3) && !is_in(p, FLOWS_NETWORK, FLOWS_PREFIX);
}

uint32_t peer_address(const PlanPeer *p) {
        return as_number(p->address);
}

uint32_t peers_last_address(const Plan *plan) {
        uint32_t last = plan->last_given ?: parse_ipv4(FLOWS_CLIENT);

        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (!p->literal && as_number(p->address) > last)
                        last = as_number(p->address);
        return last;
}

/* Gives the peer its address inside. */
static int find_address(Builder *b, PlanPeer *p, const Setting *s) {
        Plan *plan = b->plan;
        uint32_t address;

        p->is_pattern = startswith(p->host, "*.");
        if (p->is_pattern)
                return 0;
        p->literal = peer_read_address(p);
        if (p->literal && !peer_address_is_usable(p))
                return build_error(b, s, D_ConnectTo, EINVAL, "%s cannot be the address of a peer", p->host);
        if (p->literal)
                return 0;
        for (const PlanPeer *other = plan->peers; other < p; other++)
                if (streq(other->host, p->host)) {
                        memcpy(p->address, other->address, sizeof(p->address));
                        return 0;
                }
        address = htonl(peers_last_address(plan) + 1);
        memcpy(p->address, &address, sizeof(address));
        return 0;
}

static int find_target(Builder *b, PlanPeer *p, const Setting *s) {
        const Value *v = &s->value;

        p->may_be_private = v->number2 & PEER_PRIVATE;
        p->target = v->words[1] ?: p->host;
        p->target_port = v->words[1] ? (uint16_t) (v->number2 & PEER_PORT_MASK) : p->port;
        p->is_socket = v->number2 & PEER_UNIX;
        p->is_datagram = v->number2 & PEER_UDP;
        if (streq(p->target, "localhost"))
                p->target = "127.0.0.1";
        return v->number2 & PEER_UNIT ? peer_find_unit(b, p, s) : 0;
}

static bool is_same_target(const PlanPeer *a, const PlanPeer *b) {
        return streq(a->target, b->target) && a->target_port == b->target_port && a->is_socket == b->is_socket &&
               a->may_be_private == b->may_be_private;
}

/* Looks for an earlier peer at the same address and port. Returns 0 if no peer is there, 1 if one is and leads to the
 * same target, or -errno. */
static int find_twin(Builder *b, const PlanPeer *p, const Setting *s) {
        for (const PlanPeer *other = b->plan->peers; other < p; other++) {
                _cleanup_free_ char *line = NULL;

                if (other->port != p->port || other->is_datagram != p->is_datagram || other->ipv6 != p->ipv6 ||
                    (p->is_pattern && !streq(other->host, p->host)) ||
                    memcmp(other->address, p->address, sizeof(p->address)) != 0)
                        continue;
                if (is_same_target(other, p))
                        return 1;
                line = origin_format(other->origin);
                return line ? build_error(b, s, D_ConnectTo, EEXIST, "%s:%u already leads elsewhere: %s", p->host,
                                          p->port, line)
                            : -ENOMEM;
        }
        return 0;
}

static int add_peer(Builder *b, const Setting *s) {
        Plan *plan = b->plan;
        PlanPeer *p;
        int r;

        if (plan->n_peers == PEERS_MAX)
                return build_error(b, s, D_ConnectTo, E2BIG, "a policy can have %u peers (each port counts)",
                                   PEERS_MAX);
        p = &plan->peers[plan->n_peers++];
        *p = (PlanPeer) { .host = s->value.words[0], .port = (uint16_t) s->value.number, .origin = s->origin };
        r = find_address(b, p, s);
        if (r >= 0)
                r = find_target(b, p, s);
        if (r < 0)
                return r;
        if ((p->is_pattern || is_in(p, PEERS_NAME_SERVER, 32)) && p->port == PEERS_NAME_SERVER_PORT)
                return build_error(b, s, D_ConnectTo, EADDRINUSE,
                                   "with peers, the payload finds its name server at " PEERS_NAME_SERVER ":%u",
                                   PEERS_NAME_SERVER_PORT);
        r = find_twin(b, p, s);
        plan->n_peers -= r > 0;
        return r < 0 ? r : 0;
}

/* A pattern needs sockets that listen at all addresses, and then no other one can listen on its port. */
static bool is_covered(const Plan *plan, const PlanPeer *p) {
        for (const PlanPeer *other = plan->peers; other < plan->peers + plan->n_peers; other++)
                if (other->is_pattern && other->port == p->port && !p->is_datagram && (!p->is_pattern || other < p))
                        return true;
        return false;
}

static bool has_loopback6(const PlanPeer *p) {
        static const uint8_t loopback[16] = { [15] = 1 };

        return p->ipv6 && memcmp(p->address, loopback, sizeof(loopback)) == 0;
}

/* Programs may find localhost at ::1 first. There, another peer can have the port. */
static bool is_at_loopback6(const Plan *plan, const PlanPeer *p) {
        for (const PlanPeer *other = plan->peers; other < plan->peers + plan->n_peers; other++)
                if (has_loopback6(other) && other->port == p->port && other->is_datagram == p->is_datagram)
                        return false;
        return streq(p->host, "localhost");
}

/* Finds what depends on the other peers. */
static void compare_peers(const Plan *plan, PlanPeer *p) {
        p->is_covered = is_covered(plan, p);
        p->is_at_loopback6 = is_at_loopback6(plan, p);
}

static int find_search_domains(Builder *b) {
        _cleanup_free_ char *text = NULL;
        int r = b->host->read_resolver(&text);

        if (r < 0) /* a host without the file has no such domains */
                return r == -ENOMEM ? r : 0;
        return search_find(b->plan, text, &b->plan->search_domains);
}

int build_peers(Builder *b) {
        const SettingList *list = build_list(b, D_ConnectTo);
        Plan *plan = b->plan;
        int result;

        plan->grant_peers = policy_is_true(b->policy, D_GrantPeers);
        if (list->n == 0 && !plan->grant_peers)
                return 0;
        plan->peers = calloc(PEERS_MAX, sizeof(*plan->peers));
        if (!plan->peers)
                return -ENOMEM;
        b->plan->flows_max = policy_get(b->policy, D_FlowsMax)->value.number;
        b->plan->log_flows = policy_get(b->policy, D_LogFlows)->value.number;
        result = list->n > 0 ? flows_check_network(b, D_ConnectTo, &list->items[0])
                             : flows_check_network(b, D_GrantPeers, policy_get(b->policy, D_GrantPeers));
        for (size_t i = 0; i < list->n && result != -ENOMEM; i++) {
                int r = add_peer(b, &list->items[i]);

                result = r < 0 ? r : result;
        }
        for (PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                compare_peers(plan, p);
        return result < 0 ? result : find_search_domains(b);
}

/* A peer that was granted before, and revoked, has its place still. */
static int find_granted(const Plan *plan, const Setting *s, PlanPeer **ret, Report *report) {
        for (PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++)
                if (streq(p->host, s->value.words[0]) && p->port == s->value.number &&
                    p->is_datagram == !!(s->value.number2 & PEER_UDP)) {
                        if (!p->is_revoked)
                                return report_error(report, EEXIST, "it is a peer already");
                        *ret = p;
                        return 0;
                }
        *ret = NULL;
        return 0;
}

static int check_entrances(const Plan *plan, const Setting *s, Report *report) {
        for (const PlanEntrance *e = plan->entrances; e < plan->entrances + plan->n_entrances; e++)
                if (e->inside == s->value.number && !(s->value.number2 & PEER_UDP))
                        return report_error(report, EADDRINUSE, "inside, port %u belongs to a server of ListenOn=",
                                            e->inside);
        return 0;
}

static int grant(Plan *plan, const Policy *policy, PlanPeer **ret, Report *report) {
        const SettingList *list = &policy->settings[D_ConnectTo];
        Builder b = { .plan = plan, .policy = policy, .report = report };
        PlanPeer *p, new;
        int r;

        if (list->n != 1 || startswith(list->items[0].value.words[0], "*."))
                return report_error(report, EINVAL, "only one peer can be granted at a time, and no pattern");
        r = check_entrances(plan, &list->items[0], report);
        if (r >= 0)
                r = find_granted(plan, &list->items[0], &p, report);
        if (r < 0)
                return r;
        if (p) {
                new = *p;
                r = find_target(&b, &new, &list->items[0]);
                if (r < 0)
                        return r;
                if (!is_same_target(&new, p))
                        return report_error(report, EEXIST, "it has led elsewhere before");
        } else {
                const size_t n = plan->n_peers;

                r = add_peer(&b, &list->items[0]);
                if (r >= 0 && plan->n_peers == n) /* another name for the same address */
                        r = report_error(report, EEXIST, "it is a peer already");
                if (r < 0) {
                        plan->n_peers = n;
                        return r;
                }
                p = &plan->peers[n];
                compare_peers(plan, p);
        }
        p->is_revoked = false;
        *ret = p;
        return 0;
}

int peers_grant(Plan *plan, const char *text, PlanPeer **ret, Report *report) {
        _cleanup_(policy_freep) Policy *policy = NULL;
        const size_t n = plan->n_peers;
        int r;

        if (strchr(text, '%')) /* a specifier may need a file */
                return report_error(report, EINVAL, "a peer has no \"%%\"");
        policy = policy_new(&plan->source->specifiers);
        if (!policy)
                return report_oom(report);
        r = policy_assign(policy, (Origin) { .file = "isoctl grant" }, "Sandbox", "ConnectTo", text, report);
        if (r >= 0)
                r = grant(plan, policy, ret, report);
        if (r < 0)
                return report_if_oom(report, r);
        if (plan->n_peers > n)
                TAKE_PTR(policy); /* the peer has pointers into it */
        return 0;
}

bool peer_matches(const PlanPeer *pattern, const char *name) {
        return endswith(name, pattern->host + 1) && strlen(name) > strlen(pattern->host) - 1 && !strchr(name, '?');
}

bool peer_follows_name(const PlanPeer *p) {
        return p->is_pattern && p->target == p->host;
}

char *peers_resolver_text(void) {
        return strdup("# The name server of this sandbox knows the peers of ConnectTo= and nothing else.\n"
                      "nameserver " PEERS_NAME_SERVER "\n");
}

char *peers_hosts_text(const Plan *plan) {
        _cleanup_text_ Text text = {};
        uint32_t last = 0;
        char address[INET_ADDRSTRLEN], twin[INET6_ADDRSTRLEN];
        uint8_t bytes[16];

        if (text_open(&text) < 0)
                return NULL;
        text_add(&text, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                if (p->literal || p->is_pattern || as_number(p->address) <= last)
                        continue; /* new names have rising addresses */
                last = as_number(p->address);
                flows_write_twin(last, bytes);
                fprintf(text.f, "%s %s\n%s %s\n", inet_ntop(AF_INET, p->address, address, sizeof(address)), p->host,
                        inet_ntop(AF_INET6, bytes, twin, sizeof(twin)), p->host);
        }
        return text_finish(&text);
}
