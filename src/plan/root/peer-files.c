/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/root/peer-files.h"

#include <errno.h>

#include "plan/network/peers.h"
#include "util/strv.h"

/* A line of the policy for the same path would leave the payload without names, so it is an error. */
static int want_text(RootBuilder *rb, const char *path, char *text) {
        const DirectiveId id = rb->b->plan->n_peers > 0 ? D_ConnectTo : D_GrantPeers;
        const Setting *s = &rb->b->policy->settings[id].items[0];

        if (strv_consume(&rb->b->plan->texts, text) < 0)
                return -ENOMEM;
        return root_builder_want(rb, mount_of_setting(id, s, plan_file(path, text, 0444)));
}

int build_peer_files(RootBuilder *rb) {
        const Plan *plan = rb->b->plan;
        int r = 0;

        if (plan_has_names(plan))
                r = want_text(rb, "/etc/resolv.conf", peers_resolver_text());
        return r >= 0 && plan_has_names(plan) ? want_text(rb, "/etc/hosts", peers_hosts_text(plan)) : r;
}
