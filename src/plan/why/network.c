/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the payload gets when it connects or listens: first what the filter answers to the calls, in their order, and
 * then what the network, the root or Landlock does. */
#include "plan/why/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "plan/network/peers.h"
#include "plan/why/answer.h"
#include "plan/why/call.h"
#include "plan/why/file.h"
#include "plan/why/target.h"
#include "util/fd.h"
#include "util/landlock.h"
#include "util/parse.h"

typedef struct Asked {
        const Plan *plan;
        const WhyQuestion *question;
        WhyTarget target;  /* connect to an address: where */
        bool is_address;
        uint16_t port;     /* listen */
        bool is_datagram;
} Asked;

static bool has_own_network(const Plan *plan) {
        return (plan->namespaces | plan->inner_namespaces) & CLONE_NEWNET;
}

static bool has_filter_of_addresses(const Plan *plan) {
        return plan_find_property(plan, D_IPAddressDeny) || plan_find_property(plan, D_IPAddressAllow);
}

/* Proposes the peer, or with a filter of addresses, which ConnectTo= cannot be combined with, nothing. */
static int allow_peer(const Asked *q, WhyAnswer *a) {
        _cleanup_free_ char *name = plan_peer_name(&q->target.peer);

        if (!name)
                return -ENOMEM;
        return has_filter_of_addresses(q->plan)
                       ? 0 : answer_allow(a, "this port of this host", "ConnectTo=%s", name);
}

static bool is_same_host(const PlanPeer *a, const PlanPeer *b) {
        return a->literal ? b->literal && a->ipv6 == b->ipv6 && memcmp(a->address, b->address, a->ipv6 ? 16 : 4) == 0
                          : streq(a->host, b->host);
}

/* Whether this line of ConnectTo= gives the host an address inside. */
static bool names_host(const PlanPeer *peer, const PlanPeer *target) {
        return peer->is_pattern ? !target->literal && peer_matches(peer, target->host) : is_same_host(peer, target);
}

static bool has_port(const PlanPeer *peer, const PlanPeer *target) {
        return peer->port == target->port && peer->is_datagram == target->is_datagram;
}

static int answer_peer(const PlanPeer *peer, WhyAnswer *a) {
        answer_origin(a, peer->origin);
        return answer_allowed(a, "it is a peer of ConnectTo=; whether a server is there is another question");
}

/* A pattern's socket listens at all addresses of the network. isorun resets a connection to one that no name has. */
static int answer_pattern(const PlanPeer *peer, WhyAnswer *a) {
        answer_origin(a, peer->origin);
        return answer_denied(a, ECONNRESET, BY_FLOWS, "isorun itself listens at this port, for names that match %s",
                             peer->host);
}

static int answer_no_peer(const Asked *q, bool known, WhyAnswer *a) {
        const PlanPeer *target = &q->target.peer;
        int r;

        if (known)
                r = answer_denied(a, ECONNREFUSED, BY_FLOWS, "ConnectTo= has %s, but not this port", target->host);
        else if (why_target_is_local(&q->target))
                r = answer_denied(a, ECONNREFUSED, BY_NAMESPACE, "inside, %s is the instance itself, not the host",
                                  target->host);
        else if (target->literal)
                r = answer_denied(a, ENETUNREACH, BY_NAMESPACE, "the instance's own network leads nowhere");
        else
                r = plan_has_names(q->plan)
                            ? answer_denied(a, 0, BY_FLOWS, "the name server inside knows only the peers of ConnectTo=")
                            : answer_denied(a, 0, BY_NAMESPACE, "the instance's own network has no name server");
        if (r < 0)
                return r;
        answer_directive(a, q->plan, q->plan->n_peers > 0 && !why_target_is_local(&q->target) ? D_ConnectTo
                                                                                            : D_PrivateNetwork);
        return allow_peer(q, a);
}

static int connect_privately(const Asked *q, WhyAnswer *a) {
        const PlanPeer *target = &q->target.peer, *pattern = NULL, *end = q->plan->peers + q->plan->n_peers;
        bool known = false;

        for (const PlanPeer *p = q->plan->peers; p < end; p++) {
                const bool names = names_host(p, target);

                if (names && has_port(p, target))
                        return answer_peer(p, a);
                known = known || names;
                if (p->is_pattern && has_port(p, target))
                        pattern = p;
        }
        if (pattern && (known || why_target_is_local(&q->target)))
                return answer_pattern(pattern, a);
        return answer_no_peer(q, known, a);
}

static int connect_from_host(const Asked *q, WhyAnswer *a) {
        const PlanProperty *deny = plan_find_property(q->plan, D_IPAddressDeny);
        const PlanProperty *allow = plan_find_property(q->plan, D_IPAddressAllow);
        const char *host = q->target.peer.host;

        if (deny && !q->target.peer.literal)
                return answer_depends(a, "IPAddressDeny= looks at addresses: ask for an address of %s", host);
        if (deny && why_target_is_in(&q->target, deny->settings) &&
            !(allow && why_target_is_in(&q->target, allow->settings))) {
                int r = answer_denied(a, EPERM, BY_LIMIT, "IPAddressDeny= has %s", host);

                answer_directive(a, q->plan, D_IPAddressDeny);
                return r < 0 ? r : answer_allow(a, "all ports of this host", "IPAddressAllow=%s", host);
        }
        answer_directive(a, q->plan, D_PrivateNetwork);
        return answer_allowed(a, "the network is the host's; whether a server is there is another question");
}

static int connect_abstract(const Asked *q, WhyAnswer *a) {
        const bool open = policy_is_true(q->plan->source, D_AbstractSockets);
        int r;

        if (has_own_network(q->plan)) {
                answer_directive(a, q->plan, D_PrivateNetwork);
                r = answer_denied(a, ECONNREFUSED, BY_NAMESPACE, "abstract sockets belong to a network, and the "
                                  "instance has its own");
                return r < 0 || !open ? r : answer_allow(a, "the host's network", "PrivateNetwork=no");
        }
        answer_directive(a, q->plan, D_AbstractSockets);
        if (!(q->plan->landlock_scope & LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET))
                return answer_allowed(a, "the network is the host's; whether a server is there is another question");
        r = answer_denied(a, EPERM, BY_LANDLOCK, "Landlock keeps the payload from abstract sockets of other programs");
        return r < 0 ? r : answer_allow(a, why_opens_abstract, "AbstractSockets=yes");
}

/* The first port that needs no capability: ip-sysctl. */
static uint64_t first_open_port(const Plan *plan) {
        _cleanup_free_ char *line = NULL;
        uint64_t port = IPPORT_RESERVED;

        if (!has_own_network(plan)) {
                if (file_read_line(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", &line) >= 0)
                        (void) parse_u64(line, &port);
                return port;
        }
        for (const PlanEntrance *e = plan->entrances; e < plan->entrances + plan->n_entrances; e++)
                if (e->inside < IPPORT_RESERVED)
                        return 0;
        return port;
}

/* Whether the payload has the capability in the user namespace that its network belongs to. */
static bool may_bind_low(const Plan *plan) {
        return why_capabilities(plan) & UINT64_C(1) << CAP_NET_BIND_SERVICE &&
               (has_own_network(plan) || !plan->uid_map.n);
}

static int answer_low_port(const Asked *q, WhyAnswer *a) {
        const Plan *plan = q->plan;
        int r;

        if (!has_own_network(plan) && plan->uid_map.n) {
                answer_directive(a, plan, D_PrivateNetwork);
                return answer_denied(a, EACCES, BY_NAMESPACE, "in the host's network, no capability of a user "
                                     "namespace lets a program listen at port %u; with PrivateNetwork=yes and "
                                     "ListenOn=%u it could, or with a socket unit", q->port, q->port);
        }
        answer_directive(a, plan, plan->uid == 0 ? D_CapabilityBoundingSet : D_AmbientCapabilities);
        r = answer_denied(a, EACCES, BY_CAPABILITY, "the payload does not have CAP_NET_BIND_SERVICE");
        return r < 0 ? r : answer_allow(a, "ports below 1024 of the instance's network", "%s=CAP_NET_BIND_SERVICE",
                                        plan->uid == 0 ? "CapabilityBoundingSet" : "AmbientCapabilities");
}

/* The peer that has the port at an IPv4 address, or NULL. */
static const PlanPeer *find_peer_at(const Asked *q) {
        for (const PlanPeer *p = q->plan->peers; p < q->plan->peers + q->plan->n_peers; p++)
                if (p->port == q->port && p->is_datagram == q->is_datagram && !p->ipv6)
                        return p;
        return NULL;
}

static int listen_privately(const Asked *q, WhyAnswer *a) {
        const Plan *plan = q->plan;
        const PlanPeer *peer = find_peer_at(q);

        if (peer) {
                answer_origin(a, peer->origin);
                return answer_denied(a, EADDRINUSE, BY_FLOWS, "inside, this port belongs to the peer %s", peer->host);
        }
        if (plan_has_names(plan) && q->port == PEERS_NAME_SERVER_PORT) {
                answer_directive(a, plan, D_ConnectTo);
                return answer_denied(a, EADDRINUSE, BY_FLOWS,
                                     "inside, this port belongs to the name server of ConnectTo=");
        }
        for (const PlanEntrance *e = plan->entrances; !q->is_datagram && e < plan->entrances + plan->n_entrances; e++)
                if (e->inside == q->port) {
                        _cleanup_free_ char *name = plan_entrance_name(e);

                        answer_origin(a, e->origin);
                        return name ? answer_allowed(a, "clients reach it by %s of the host", name) : -ENOMEM;
                }
        answer_directive(a, plan, D_PrivateNetwork);
        if (q->is_datagram)
                return answer_allowed(a, "the port is of the instance's own network, which nobody outside reaches");
        return answer_allowed(a, "the port is of the instance's own network, which nobody outside reaches (with "
                              "ListenOn=%u, clients would)", q->port);
}

static int listen_anywhere(const Asked *q, WhyAnswer *a) {
        if (q->port < first_open_port(q->plan) && !may_bind_low(q->plan))
                return answer_low_port(q, a);
        if (has_own_network(q->plan))
                return listen_privately(q, a);
        answer_directive(a, q->plan, D_PrivateNetwork);
        return answer_allowed(a, "the network is the host's; whether the port is free is another question");
}

/* The answer behind the filter. */
static int ask_network(const Asked *q, WhyAnswer *a) {
        if (q->question->action == WHY_LISTEN)
                return listen_anywhere(q, a);
        if (q->is_address)
                return has_own_network(q->plan) ? connect_privately(q, a) : connect_from_host(q, a);
        return q->question->object[0] == '@' ? connect_abstract(q, a) : why_file(q->plan, q->question, a);
}

/* Fills the answer in if the filter denies the call. */
static int ask_call(const Plan *plan, WhyQuestion call, WhyAnswer *a) {
        int r = why_call(plan, &call, a);

        if (r < 0 || a->verdict != WHY_DENIED)
                why_answer_deinit(a);
        return r < 0 ? r : 0;
}

static int ask_filter(const Asked *q, WhyAnswer *a) {
        const bool is_path = q->question->action == WHY_CONNECT && !q->is_address;
        const uint64_t family = is_path ? AF_UNIX : q->target.peer.ipv6 ? AF_INET6 : AF_INET;
        const uint64_t type = q->is_datagram ? SOCK_DGRAM : SOCK_STREAM;
        const WhyQuestion socket = { .object = "socket", .arguments = { family, type }, .n_arguments = 3 };
        static const char *const connecting[] = { "connect", NULL }, *const listening[] = { "bind", "listen", NULL };
        const char *const *calls = q->question->action == WHY_LISTEN ? listening : connecting;
        int r = ask_call(q->plan, socket, a);

        for (const char *const *call = calls; r >= 0 && !a->text && *call; call++)
                if (!q->is_datagram || !streq(*call, "listen"))
                        r = ask_call(q->plan, (WhyQuestion) { .object = *call }, a);
        return r;
}

static int parse_port(Asked *q) {
        const char *text = q->question->object;
        const bool udp = endswith(text, "/udp");
        _cleanup_free_ char *number = udp ? strndup(text, strlen(text) - strlen("/udp")) : strdup(text);
        uint64_t port;

        if (!number)
                return -ENOMEM;
        if (parse_u64_range(number, 1, UINT16_MAX, &port) < 0)
                return -EINVAL;
        q->port = (uint16_t) port;
        q->is_datagram = udp;
        return 0;
}

static int parse(Asked *q) {
        const char first = q->question->object[0];
        int r;

        if (q->question->action == WHY_LISTEN)
                return parse_port(q);
        if (first == '/' || first == '@')
                return 0;
        r = why_target_parse(q->question->object, &q->target);
        q->is_address = true;
        q->is_datagram = q->target.peer.is_datagram;
        return r;
}

static int ask(Asked *q, WhyAnswer *a) {
        WhyAnswer behind = {};
        int r = parse(q);

        if (r >= 0)
                r = ask_filter(q, a);
        if (r < 0 || !a->text)
                return r < 0 ? r : ask_network(q, a);
        /* Where something behind the filter denies it, too, one line would not do. */
        r = ask_network(q, &behind);
        if (behind.verdict == WHY_DENIED) {
                free(TAKE_PTR(a->allow));
                a->opens = NULL;
        }
        why_answer_deinit(&behind);
        return r;
}

int why_network(const Plan *plan, const WhyQuestion *question, WhyAnswer *a) {
        Asked q = { .plan = plan, .question = question };
        int r = ask(&q, a);

        why_target_deinit(&q.target);
        return r;
}
