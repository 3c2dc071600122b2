/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "plan/deny/rules.h"

/* linux/in.h, Linux 6.11 */
#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

int build_connection_rules(Builder *b) {
        static const PlanArgumentRule fast_open[] = {
#define FAST_OPEN(call, n) MASKED(call, n, MSG_FASTOPEN, MSG_FASTOPEN, EPERM, D_ConnectTo)
                FAST_OPEN("sendto", 3), FAST_OPEN("sendmsg", 2), FAST_OPEN("sendmmsg", 3),
#undef FAST_OPEN
        };
        static const PlanArgumentRule protocols[] = {
                MASKED("socket", 2, UINT32_MAX, IPPROTO_MPTCP, EPROTONOSUPPORT, D_ConnectTo),
                MASKED("socket", 2, UINT32_MAX, IPPROTO_SMC, EPROTONOSUPPORT, D_ConnectTo),
        };
        const bool limited = b->stage && stage_has(b->stage, D_ConnectTo);
        int r = 0;

        if (limited || !plan_allows_call(b->plan, "connect"))
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(fast_open); i++)
                        if (plan_allows_call(b->plan, fast_open[i].name))
                                r = argument_rule_add(b->plan, fast_open[i]);
        return r < 0 || !limited ? r : argument_rules_add(b->plan, protocols, ELEMENTSOF(protocols));
}
