/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/peer-unit.h"

#include <arpa/inet.h>
#include <errno.h>

#include "util/parse.h"
#include "util/strv.h"

/* A unit that was asked for. */
typedef struct Asked {
        const Setting *setting;
        const char *name;
        bool user; /* of the user's manager */
        uint64_t number; /* which of its ListenStream= lines; 0: the only one */
        HostSocketUnit unit;
} Asked;

static int check_loaded(Builder *b, const Asked *a) {
        const char *manager = a->user ? "user's" : "system's", *state = a->unit.load_state;

        if (streq(state, "loaded"))
                return 0;
        if (streq(state, "not-found"))
                return build_error(b, a->setting, D_ConnectTo, ENOENT, "the %s service manager has no unit %s",
                                   manager, a->name);
        return build_error(b, a->setting, D_ConnectTo, EINVAL, "the %s service manager cannot use %s: it is %s",
                           manager, a->name, state);
}

/* Finds the line of ListenStream=. Returns 0 or -errno, reported. */
static int choose(Builder *b, const Asked *a, const char **ret) {
        const size_t n = strv_length(a->unit.streams);

        if (n == 0)
                return build_error(b, a->setting, D_ConnectTo, EINVAL, "%s has no ListenStream=", a->name);
        if (a->number > n)
                return build_error(b, a->setting, D_ConnectTo, ENOENT, "%s has only %zu lines ListenStream=",
                                   a->name, n);
        if (a->number == 0 && n > 1)
                return build_error(b, a->setting, D_ConnectTo, EINVAL,
                                   "%s has %zu lines ListenStream=: write %s#1 for the first one, and so on",
                                   a->name, n, a->name);
        *ret = a->unit.streams[a->number > 0 ? a->number - 1 : 0];
        return 0;
}

/* Reads an address as systemd prints it, such as "127.0.0.1:80" or "[::]:80", in place. One that means all addresses is
 * reached at that of the loopback device. Returns whether it is one. */
static bool read_address(PlanPeer *p, char *text) {
        char *colon = strrchr(text, ':');
        const bool bracket = *text == '[' && colon && colon > text && colon[-1] == ']';
        struct in6_addr a;
        uint64_t port;

        if (!colon || parse_u64_range(colon + 1, 1, UINT16_MAX, &port) < 0)
                return false;
        p->target_port = (uint16_t) port;
        colon[bracket ? -1 : 0] = '\0';
        p->target = text + bracket;
        if (streq(p->target, bracket ? "::" : "0.0.0.0"))
                p->target = bracket ? "::1" : "127.0.0.1";
        return inet_pton(bracket ? AF_INET6 : AF_INET, p->target, &a) == 1;
}

static int lead_to(Builder *b, PlanPeer *p, const Asked *a, const char *place) {
        char *copy = strdup(place);

        if (strv_consume(&b->plan->texts, copy) < 0)
                return -ENOMEM;
        p->target_port = 0;
        p->is_socket = *copy == '/' || *copy == '@';
        p->target = copy;
        return p->is_socket || read_address(p, copy)
                       ? 0 : build_error(b, a->setting, D_ConnectTo, EOPNOTSUPP, "%s listens at %s, and isorun "
                                         "connects only to Unix sockets and IP addresses", a->name, place);
}

static int find(Builder *b, PlanPeer *p, Asked *a) {
        const char *place = NULL;
        int r;

        r = b->host->read_socket_unit(a->user, a->name, &a->unit, b->report);
        if (r >= 0)
                r = check_loaded(b, a);
        if (r >= 0)
                r = choose(b, a, &place);
        if (r >= 0)
                r = lead_to(b, p, a, place);
        if (r >= 0 && !a->unit.active)
                report_notice_at(b->report, a->setting->origin, "ConnectTo",
                                 "nobody listens for %s: %s is not active (systemctl%s start %s)", p->host, a->name,
                                 a->user ? " --user" : "", a->name);
        return r;
}

int peer_find_unit(Builder *b, PlanPeer *p, const Setting *s) {
        const uint64_t flags = s->value.number2;
        Asked a = { .setting = s, .name = s->value.words[1], .number = flags & PEER_PORT_MASK,
                    .user = flags & PEER_OF_USER || (b->plan->user_manager && !(flags & PEER_OF_SYSTEM)) };
        int r;

        /* isorun-flows, to which isoctl grants a peer, cannot ask a manager. */
        if (!b->host || !b->host->read_socket_unit)
                return report_error(b->report, EOPNOTSUPP, "units cannot be looked up here: name the socket of %s",
                                    a.name);
        r = find(b, p, &a);
        host_socket_unit_deinit(&a.unit);
        return r;
}
