/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/entrances.h"

#include <arpa/inet.h>
#include <errno.h>

#include "plan/network/flows.h"
#include "plan/network/peers.h"
#include "util/array.h"
#include "util/text.h"

enum { ENTRANCES_MAX = 64 };

/* A server that listens at all addresses needs the port at those of the peers, too. */
static int check_port(Builder *b, const PlanEntrance *e, const Setting *s) {
        const Plan *plan = b->plan;

        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                _cleanup_free_ char *line = NULL;

                if (p->port != e->inside || p->is_datagram)
                        continue;
                line = origin_format(p->origin);
                return line ? build_error(b, s, D_ListenOn, EADDRINUSE,
                                          "inside, port %u belongs to the peer %s (%s): let the server listen on "
                                          "another port, such as %s=%u", e->inside, p->host, line,
                                          e->is_socket ? "unix:PATH" : "ADDRESS:PORT", e->inside == 8080 ? 8081 : 8080)
                            : -ENOMEM;
        }
        if (plan_has_names(plan) && e->inside == PEERS_NAME_SERVER_PORT)
                return build_error(b, s, D_ListenOn, EADDRINUSE,
                                   "inside, port %u belongs to the name server of ConnectTo=", PEERS_NAME_SERVER_PORT);
        return 0;
}

static int check_twin(Builder *b, const PlanEntrance *e, const Setting *s) {
        for (const PlanEntrance *other = b->plan->entrances; other < e; other++) {
                _cleanup_free_ char *line = NULL;

                if (other->port != e->port || !streq(other->place, e->place))
                        continue;
                line = origin_format(other->origin);
                return line ? build_error(b, s, D_ListenOn, EEXIST, "the same place is in another line: %s", line)
                            : -ENOMEM;
        }
        return 0;
}

static int add_entrance(Builder *b, const Setting *s) {
        const Value *v = &s->value;
        Plan *plan = b->plan;
        PlanEntrance *e;
        int r;

        if (plan->n_entrances == ENTRANCES_MAX)
                return build_error(b, s, D_ListenOn, E2BIG, "a policy can have %u of them", ENTRANCES_MAX);
        e = ARRAY_APPEND(plan->entrances, plan->n_entrances);
        if (!e)
                return -ENOMEM;
        *e = (PlanEntrance) { .place = v->words[0], .port = (uint16_t) v->number,
                              .inside = (uint16_t) (v->number2 & LISTEN_PORT_MASK),
                              .is_socket = v->number2 & LISTEN_UNIX, .proxy = v->number2 & LISTEN_PROXY,
                              .origin = s->origin };
        r = check_port(b, e, s);
        return r < 0 ? r : check_twin(b, e, s);
}

int build_entrances(Builder *b) {
        const SettingList *list = build_list(b, D_ListenOn);
        int result;

        if (list->n == 0) {
                flows_suggest(b);
                return 0;
        }
        b->plan->flows_max = policy_get(b->policy, D_FlowsMax)->value.number;
        b->plan->log_flows = policy_is_true(b->policy, D_LogFlows);
        result = flows_check_network(b, D_ListenOn, &list->items[0]);
        for (size_t i = 0; i < list->n && result != -ENOMEM; i++) {
                int r = add_entrance(b, &list->items[i]);

                result = r < 0 ? r : result;
        }
        return result;
}

static bool take(Builder *b, int fd) {
        for (PlanEntrance *e = b->plan->entrances; e < b->plan->entrances + b->plan->n_entrances; e++)
                if (!e->passed_fd && b->host->listens_at(fd, e->is_socket ? e->place : NULL, e->port)) {
                        e->passed_fd = fd;
                        return true;
                }
        return false;
}

int entrances_take_passed(Builder *b, size_t n, const char *names, char **ret_names) {
        _cleanup_text_ Text text = {};
        int others = 0;

        if (text_open(&text) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                size_t length = names ? strcspn(names, ":") : 0;

                if (!take(b, (int) i + 3))
                        fprintf(text.f, "%s%.*s", others++ > 0 ? ":" : "", (int) length, names ?: "");
                if (names)
                        names += length + (names[length] == ':');
        }
        *ret_names = text_finish(&text);
        return *ret_names ? others : -ENOMEM;
}
