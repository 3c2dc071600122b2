/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel counts some things for each user, over all namespaces. If the payload takes all of them, other programs of
 * the caller's user get none. So the payload gets at most half of the caller's limit. The share is relative, because an
 * administrator who raises a limit raises it for such programs, too.
 *
 * Each entry has a number that is enough for ordinary programs. A bound does not go below it, so that sandboxes in
 * sandboxes do not end with a limit of 0. */
#include "plan/payload/bounds.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/socket.h>

#include "plan/deny/families.h"
#include "plan/who/namespaces.h"
#include "plan/who/private-ids.h"
#include "util/array.h"

static uint64_t bound(uint64_t outside, uint64_t enough) {
        uint64_t half = outside / 2 > enough ? outside / 2 : enough;

        return half < outside ? half : outside;
}

typedef struct ResourceBound {
        DirectiveId id;
        uint64_t enough;
        rlim_t of_infinity; /* if the caller has no limit */
} ResourceBound;

static int bound_resource(Builder *b, const ResourceBound *bounded) {
        const Directive *d = &directive_table[bounded->id];
        PlanResourceLimit *l;
        struct rlimit before, now;
        bool unlimited;

        if (policy_get(b->policy, bounded->id) || b->host->get_limit(d->resource, &before) < 0)
                return 0;
        now = before;
        unlimited = now.rlim_cur == RLIM_INFINITY;
        now.rlim_cur = now.rlim_max = unlimited ? bounded->of_infinity : bound(now.rlim_cur, bounded->enough);
        if (now.rlim_cur == RLIM_INFINITY)
                return 0;
        l = ARRAY_APPEND(b->plan->limits, b->plan->n_limits);
        if (!l)
                return -ENOMEM;
        *l = (PlanResourceLimit) { .directive = d, .limit = now, .of_unlimited = unlimited, .before = before };
        return 0;
}

/* getrlimit(2). NPROC is left to TasksMax=: a user may already have more processes than half of this limit, and then
 * the payload could not fork.
 *
 * Without a limit, other programs of the user still get as much as they want of signals and queues. Locked memory,
 * however, is the machine's: the kernel cannot swap it out. A root shell in a container, and a service of a unit with
 * LimitMEMLOCK=infinity, have no limit of it. 8 MiB is the kernel's own limit (MLOCK_LIMIT, since Linux 5.16). */
static int bound_resources(Builder *b) {
        static const ResourceBound table[] = {
                { D_LimitSIGPENDING, 256, RLIM_INFINITY },
                { D_LimitMSGQUEUE, 128 << 10, RLIM_INFINITY },
                { D_LimitMEMLOCK, 64 << 10, 8 << 20 },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(table); i++)
                r = bound_resource(b, &table[i]);
        return r;
}

/* namespaces(7), inotify(7), fanotify(7): /proc/sys/user. A sandbox without a user namespace has no such limits. */
static int bound_user_namespace(Builder *b) {
        static const struct {
                PlanUserLimit limit;
                const char *call;    /* it is needed only if the filter allows this call, */
                uint64_t namespaces; /* or the policy these namespaces */
        } table[] = {
                { { "max_inotify_instances", 16 }, "inotify_init1", 0 },
                { { "max_inotify_watches", 4096 }, "inotify_init1", 0 },
                { { "max_fanotify_groups", 16 }, "fanotify_init", 0 },
                { { "max_fanotify_marks", 4096 }, "fanotify_init", 0 },
                { { "max_cgroup_namespaces", 256 }, NULL, CLONE_NEWCGROUP },
                { { "max_ipc_namespaces", 256 }, NULL, CLONE_NEWIPC },
                { { "max_mnt_namespaces", 256 }, NULL, CLONE_NEWNS },
                { { "max_net_namespaces", 256 }, NULL, CLONE_NEWNET },
                { { "max_pid_namespaces", 256 }, NULL, CLONE_NEWPID },
                { { "max_time_namespaces", 256 }, NULL, CLONE_NEWTIME },
                { { "max_user_namespaces", 256 }, NULL, CLONE_NEWUSER },
                { { "max_uts_namespaces", 256 }, NULL, CLONE_NEWUTS },
        };

        if (!(b->plan->namespaces & CLONE_NEWUSER))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                PlanUserLimit limit = table[i].limit, *l;
                uint64_t outside;
                int r;

                if (table[i].call ? !plan_allows_call(b->plan, table[i].call)
                                  : !build_allows_namespace(b->policy, table[i].namespaces))
                        continue;
                r = b->host->get_user_limit(limit.name, &outside);
                if (r == -ENOMEM)
                        return r;
                if (r >= 0)
                        limit.value = bound(outside, limit.value);
                l = ARRAY_APPEND(b->plan->user_limits, b->plan->n_user_limits);
                if (!l)
                        return -ENOMEM;
                *l = limit;
        }
        return 0;
}

/* Whether the payload could reach the session keyring that it would inherit from the caller: by a call for keyrings, or
 * by sockets that take a key (AF_ALG, AF_RXRPC). With another user's ids, the kernel itself must not use those keys for
 * it, as it does for files in AFS. A keyring of its own counts for the caller's quota (kernel.keys.maxkeys, 200). So
 * other payloads get none, and the number of a user's instances does not depend on the quota. */
static bool needs_keyring(Builder *b) {
        const Plan *plan = b->plan;

        return plan_allows_call(plan, "keyctl") || plan_allows_call(plan, "add_key") ||
               plan_allows_call(plan, "request_key") || build_allows_family(b, AF_ALG) ||
               build_allows_family(b, AF_RXRPC) || plan->uid != b->host->uid || build_has_private_ids(b->policy) ||
               build_has_subordinate_ids(b->policy);
}

int build_bounds(Builder *b) {
        int r = bound_resources(b);

        b->plan->keyring = needs_keyring(b);

        return r < 0 ? r : bound_user_namespace(b);
}
