/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/network/flows.h"

#include <errno.h>
#include <linux/sched.h>

int flows_check_network(Builder *b, DirectiveId id, const Setting *setting) {
        static const DirectiveId filters[] = { D_IPAddressAllow, D_IPAddressDeny };
        const Setting *network = policy_get(b->policy, D_PrivateNetwork);
        const char *name = directive_table[id].name;

        if (!(b->plan->namespaces & CLONE_NEWNET))
                return build_error(b, network, D_PrivateNetwork, EINVAL,
                                   "%s= is for a private network, and this gives the payload the host's: leave out one of "
                                   "the two", name);
        for (size_t i = 0; i < ELEMENTSOF(filters); i++)
                if (build_list(b, filters[i])->n > 0)
                        return build_error(b, &build_list(b, filters[i])->items[0], filters[i], EINVAL,
                                           "it would also filter the connections that isorun makes for %s=: leave out "
                                           "one of the two", name);
        return b->request->hand_over ? build_error(b, setting, id, EINVAL, "isorun carries the connections, so it cannot "
                                                                           "end after --hand-over")
                                     : 0;
}
