/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sched.h>

#include "plan/hint.h"

void flows_write_twin(uint32_t address, uint8_t ret[static 16]) {
        const uint32_t end = htonl(address);

        (void) inet_pton(AF_INET6, FLOWS_NETWORK6, ret);
        memcpy(ret + FLOWS_PREFIX6 / 8, &end, sizeof(end));
}

bool flows_read_twin(const uint8_t twin[static 16], uint32_t *ret) {
        uint8_t network[16];

        memcpy(ret, twin + FLOWS_PREFIX6 / 8, sizeof(*ret));
        *ret = ntohl(*ret);
        return inet_pton(AF_INET6, FLOWS_NETWORK6, network) == 1 && memcmp(twin, network, FLOWS_PREFIX6 / 8) == 0;
}

int flows_check_network(Builder *b, DirectiveId id, const Setting *setting) {
        static const DirectiveId filters[] = { D_IPAddressAllow, D_IPAddressDeny };
        const Setting *network = policy_get(b->policy, D_PrivateNetwork);
        const char *name = directive_table[id].name;

        if (!(b->plan->namespaces & CLONE_NEWNET))
                return build_error(b, network, D_PrivateNetwork, EINVAL,
                                   "%s= is for a private network, and this line opens the whole network: leave out "
                                   "%s=, or add %sPrivateNetwork=yes", name, name, plan_option(b->plan));
        for (size_t i = 0; i < ELEMENTSOF(filters); i++)
                if (build_list(b, filters[i])->n > 0)
                        return build_error(b, &build_list(b, filters[i])->items[0], filters[i], EINVAL,
                                           "it would also filter the connections that isorun makes for %s=: leave out "
                                           "one of the two", name);
        return b->request->hand_over ? build_error(b, setting, id, EINVAL, "isorun carries the connections, so it "
                                                                           "cannot end after --hand-over")
                                     : 0;
}

void flows_suggest(Builder *b) {
        static const struct {
                DirectiveId id;
                const char *text;
        } all[] = {
                { D_ConnectTo, "no peer is named, so the program reaches no network (ConnectTo=HOST:PORT or -c "
                               "HOST:PORT names one, PrivateNetwork=no or --net opens the host's network)" },
                { D_ListenOn, "no port is named, so the program is not reached from outside (ListenOn=PORT names one, "
                              "PrivateNetwork=no or --net opens the host's network)" },
        };
        const Plan *plan = b->plan;

        if (plan_has_flows(plan) || policy_get(b->policy, D_PrivateNetwork)->origin.file)
                return;
        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                const Origin line = build_list(b, all[i].id)->emptied;

                if (line.line > 0) /* of a file: an option empties the list on purpose */
                        report_notice_at(b->report, line, directive_table[all[i].id].name, "%s", all[i].text);
        }
}
