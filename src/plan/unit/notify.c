/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd_notify(3): the messages about the instance to systemd. systemd listens only to the process that it executed for a
 * unit. Inside another sandbox, that is the payload, and the isorun outside listens to it. */
#include "plan/unit/notify.h"

#include <errno.h>


static const char *find_socket(const Builder *b) {
        const char *address = host_variable(b->host, "NOTIFY_SOCKET");

        return b->host->executed && !b->request->writable_root && address && *address ? address : NULL;
}

/* All these options need a systemd that listens. */
static int check_request(const Builder *b) {
        if (b->request->hand_over && !(b->plan->notify && b->host->unit))
                return report_error(b->report, EINVAL,
                                    "--hand-over: isorun must be the main process of a service with Type=notify");
        if ((b->request->notify_exec || b->request->notify_fork) && !b->plan->notify)
                return report_error(b->report, EINVAL,
                                    "--notify=%s: isorun must be the main process of a service with Type=notify",
                                    b->request->notify_exec ? "exec" : "fork");
        if (b->request->notify_fork && b->request->hand_over)
                return report_error(b->report, EINVAL,
                                    "--notify=fork: isorun has to follow the daemon, so it cannot hand over");
        return 0;
}

int build_notify(Builder *b) {
        const char *address = find_socket(b);
        Plan *plan = b->plan;

        if (address && address[0] != '/' && address[0] != '@')
                return report_error(b->report, EOPNOTSUPP,
                                    "NOTIFY_SOCKET=%s is neither a path nor an abstract socket: isorun cannot relay "
                                    "messages to it",
                                    address);
        if (address) {
                plan->notify = strdup(address);
                if (!plan->notify)
                        return -ENOMEM;
        }
        plan->notify_exec = b->request->notify_exec;
        plan->notify_fork = b->request->notify_fork;
        plan->hand_over = b->request->hand_over;
        return check_request(b);
}

void build_notice_if_mute(const Builder *b) {
        const SettingList *families = &b->policy->settings[D_RestrictAddressFamilies];

        if (b->plan->notify && !b->plan->notify_exec && !b->plan->notify_fork)
                report_notice_at(b->report, families->items[0].origin, directive_table[D_RestrictAddressFamilies].name,
                                 "without AF_UNIX, the command cannot send messages to systemd (add AF_UNIX, or "
                                 "use --notify=exec: isorun then reports that the command runs)");
}
