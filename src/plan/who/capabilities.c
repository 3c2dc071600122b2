/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities: capabilities(7). The payload has only those that the policy keeps. */
#include "plan/who/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>

#include "plan/who/namespaces.h"
#include "plan/who/private-ids.h"


#define BIT(c) (UINT64_C(1) << (c))

/* The kernel checks these only against the initial user namespace (capable(), not ns_capable()). A process in another
 * user namespace never has them, whatever its sets contain. */
static const uint64_t initial_only = BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_PACCT) |
                                     BIT(CAP_SYS_TIME) | BIT(CAP_SYS_TTY_CONFIG) | BIT(CAP_MKNOD) |
                                     BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_AUDIT_CONTROL) | BIT(CAP_AUDIT_READ) |
                                     BIT(CAP_MAC_ADMIN) | BIT(CAP_MAC_OVERRIDE) | BIT(CAP_SYSLOG) |
                                     BIT(CAP_WAKE_ALARM) | BIT(CAP_BLOCK_SUSPEND) | BIT(CAP_PERFMON) |
                                     BIT(CAP_BPF) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_IPC_LOCK);

/* The kernel checks these against the user namespace that owns the network namespace. */
static const uint64_t network_only = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE) |
                                     BIT(CAP_NET_BROADCAST);

static uint64_t all_capabilities(const Host *host) {
        return host->n_capabilities >= 64 ? UINT64_MAX : BIT(host->n_capabilities) - 1;
}

/* Merges the lines like systemd: the first one decides whether the set begins empty or full. */
static uint64_t evaluate(const Host *host, const SettingList *list) {
        uint64_t set = list->n > 0 && list->items[0].value.inverted ? all_capabilities(host) : 0;

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                if (!*v->text)
                        continue;
                if (v->inverted)
                        set &= ~BIT(v->number);
                else
                        set |= BIT(v->number);
        }
        return set;
}

/* If the policy names a capability that can have no effect, that is an error, because the user should know. */
static int check_effect(Builder *b, DirectiveId id) {
        const SettingList *list = build_list(b, id);
        bool own_users = b->plan->namespaces & CLONE_NEWUSER;
        int r = 0;

        for (size_t i = 0; i < list->n; i++) {
                const Setting *s = &list->items[i];

                if (!*s->value.text || s->value.inverted)
                        continue;
                if (!own_users && !(b->host->capabilities & BIT(s->value.number)))
                        r = build_error(b, s, id, EPERM, "the caller does not have %s", s->value.text);
                else if (!own_users && b->host->initial_users)
                        continue;
                else if (BIT(s->value.number) & initial_only)
                        r = build_error(b, s, id, EPERM,
                                        "%s has no effect in a user namespace (as root, set PrivateUsers=no to run "
                                        "without one)",
                                        s->value.text);
                else if (BIT(s->value.number) & network_only && !(b->plan->namespaces & CLONE_NEWNET))
                        r = build_error(b, s, id, EPERM,
                                        "%s has no effect on the host's network from a user namespace (add "
                                        "PrivateNetwork=yes, or, as root, PrivateUsers=no)", s->value.text);
        }
        return r;
}

/* With CAP_SYS_ADMIN over the user namespace that owns the mounts, the payload could undo them. With CAP_SYS_PTRACE
 * over the reaper's user namespace, it could act through the reaper, which has no filter. With CAP_SYS_RESOURCE over
 * the user namespace that has limits (plan->user_limits), it could raise them. So such a payload gets a second user
 * namespace with a copy of the mounts, which are all locked there (mount_namespaces(7), "Restrictions on mount
 * namespaces"). The namespaces that its capabilities apply to are made together with it. */
static int confine_administrator(Builder *b) {
        Plan *plan = b->plan;
        const uint64_t owned = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

        if (!(plan->bounding & (BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE))) && !build_has_private_ids(b->policy) &&
            !(plan->bounding & BIT(CAP_SYS_RESOURCE) && plan->namespaces & CLONE_NEWUSER))
                return 0;
        if (!(plan->namespaces & CLONE_NEWUSER))
                return build_error(b, policy_get(b->policy, D_PrivateUsers), D_PrivateUsers, EPERM,
                                   "with \"no\", the payload could use CAP_SYS_ADMIN or CAP_SYS_PTRACE to undo its "
                                   "sandbox: do not keep them in CapabilityBoundingSet= or AmbientCapabilities=");

        if (build_has_subordinate_ids(b->policy))
                return build_error(b, policy_get(b->policy, D_PrivateUsers), D_PrivateUsers, EINVAL,
                                   "\"subordinate\" does not work with CAP_SYS_ADMIN, CAP_SYS_PTRACE or "
                                   "CAP_SYS_RESOURCE: the payload needs a second user namespace for them "
                                   "(PrivateUsers=full has one)");

        plan->inner_namespaces = CLONE_NEWUSER | CLONE_NEWNS | (plan->namespaces & owned);
        plan->namespaces &= ~owned;
        return 0;
}

static int refuse_file_capabilities(Builder *b, DirectiveId id) {
        const SettingList *list = build_list(b, id);

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                if (*v->text && !v->inverted && v->number == CAP_SETFCAP)
                        return build_error(b, &list->items[i], id, EPERM,
                                           "if root starts the sandbox, CAP_SETFCAP could make files that are "
                                           "privileged on the host");
        }
        return 0;
}

/* Whether the root of a user namespace may nest. It cannot write to /proc/sys, except to the sysctls of an IPC
 * namespace that belongs to its user namespace (Linux 6.2). So the payload needs an IPC namespace of its own. File
 * capabilities, which uid 0 needs to nest, are valid only in that user namespace. */
static bool nests_by_own_root(const Builder *b) {
        return b->host->own_root && policy_is_true(b->policy, D_Nesting) && policy_is_true(b->policy, D_PrivateIPC);
}

/* If root starts isorun, uid 0 inside is the host's root. The kernel lets this uid write to /proc/sys without any
 * capability, and nesting needs a writable /proc/sys. File capabilities that it writes are valid on the host. */
static int check_host_root(Builder *b) {
        const uint64_t back = BIT(CAP_SETUID) | BIT(CAP_SETGID);
        Plan *plan = b->plan;
        int r = 0;

        if (b->host->uid != 0 || build_has_private_ids(b->policy) || nests_by_own_root(b))
                return 0;
        r = refuse_file_capabilities(b, D_CapabilityBoundingSet);
        if (r >= 0)
                r = refuse_file_capabilities(b, D_AmbientCapabilities);
        /* A list such as "~CAP_KILL" does not ask for it by name, so it is dropped without an error. */
        plan->bounding &= ~BIT(CAP_SETFCAP);
        plan->ambient &= ~BIT(CAP_SETFCAP);
        if (policy_is_true(b->policy, D_Nesting) && (plan->uid == 0 || plan->bounding & back))
                r = build_error(b, policy_get(b->policy, D_Nesting), D_Nesting, EPERM,
                                "the payload could write the host's /proc/sys, because it is the host's uid 0 or can "
                                "become it: set User= to another user, without CAP_SETUID and CAP_SETGID");
        return r;
}

bool build_may_mount(const Builder *b) {
        return build_allows_namespace(b->policy, CLONE_NEWUSER) || b->plan->bounding & BIT(CAP_SYS_ADMIN);
}

/* Ambient capabilities must also be in the bounding set. */
uint64_t build_named_capabilities(const Policy *policy, const Host *host) {
        if (build_lifts_default(policy, D_CapabilityBoundingSet))
                return all_capabilities(host);
        return evaluate(host, &policy->settings[D_CapabilityBoundingSet]) |
               evaluate(host, &policy->settings[D_AmbientCapabilities]);
}

int build_capabilities(Builder *b) {
        Plan *plan = b->plan;
        int r, q;

        plan->ambient = evaluate(b->host, build_list(b, D_AmbientCapabilities));
        plan->bounding = build_named_capabilities(b->policy, b->host);
        r = check_effect(b, D_CapabilityBoundingSet);
        q = check_effect(b, D_AmbientCapabilities);
        if (!(plan->namespaces & CLONE_NEWUSER)) {
                plan->bounding &= b->host->capabilities;
                plan->ambient &= b->host->capabilities;
        }
        if (r >= 0)
                r = check_host_root(b);
        if (r < 0 || q < 0)
                return r < 0 ? r : q;
        return confine_administrator(b);
}
