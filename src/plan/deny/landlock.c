/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Landlock enforces a second time that the payload can write only to writable places: landlock(7). It has no rule that
 * denies, so a path that a mount hides is hidden only by the mount. */
#include "plan/deny/landlock.h"

#include <errno.h>
#include <linux/sched.h>

#include "plan/who/capabilities.h"
#include "util/array.h"
#include "util/landlock.h"
#include "util/path.h"
#include "util/strv.h"

#define FS(name, abi, groups) { #name, LANDLOCK_ACCESS_FS_##name, abi, groups }
const LandlockRight landlock_rights[] = {
        FS(EXECUTE, 1, LANDLOCK_GROUP_READ | LANDLOCK_GROUP_DEVICE | LANDLOCK_GROUP_FILE),
        FS(READ_FILE, 1, LANDLOCK_GROUP_READ | LANDLOCK_GROUP_DEVICE | LANDLOCK_GROUP_FILE),
        FS(READ_DIR, 1, LANDLOCK_GROUP_READ | LANDLOCK_GROUP_DEVICE),
        FS(WRITE_FILE, 1, LANDLOCK_GROUP_DEVICE | LANDLOCK_GROUP_FILE),
        FS(REMOVE_DIR, 1, 0),
        FS(REMOVE_FILE, 1, 0),
        FS(MAKE_CHAR, 1, 0),
        FS(MAKE_DIR, 1, 0),
        FS(MAKE_REG, 1, 0),
        FS(MAKE_SOCK, 1, 0),
        FS(MAKE_FIFO, 1, 0),
        FS(MAKE_BLOCK, 1, 0),
        FS(MAKE_SYM, 1, 0),
        FS(REFER, 2, 0),
        FS(TRUNCATE, 3, LANDLOCK_GROUP_DEVICE | LANDLOCK_GROUP_FILE),
        FS(IOCTL_DEV, 5, LANDLOCK_GROUP_DEVICE | LANDLOCK_GROUP_FILE),
        {},
};

uint64_t landlock_rights_mask(unsigned abi, unsigned groups) {
        uint64_t mask = 0;

        for (const LandlockRight *r = landlock_rights; r->name; r++)
                if (r->abi <= abi && (r->groups & groups) == groups)
                        mask |= r->bit;
        return mask;
}

static int add_rule(Plan *plan, const char *path, uint64_t access) {
        PlanLandlockRule *rule = ARRAY_APPEND(plan->landlock_rules, plan->n_landlock_rules);

        if (!rule)
                return -ENOMEM;
        *rule = (PlanLandlockRule) { .path = path, .access = access };
        return 0;
}

/* isoctl grant later puts a mount on this place. For a file in it, the kernel checks the directories in the mount, then
 * the parent of the place, but not the place itself (is_access_to_paths_allowed(), "Ignores hidden mount points"). So
 * the rule is for the parent. There, only the mounts keep the rest read-only. */
static int add_grant_rule(Plan *plan, const PlanMount *m) {
        char *parent = path_parent(m->destination);

        if (strv_consume(&plan->landlock_paths, parent) < 0)
                return -ENOMEM;
        return add_rule(plan, parent, landlock_rights_mask(plan->landlock_abi, 0));
}

static int add_file_rules(Plan *plan) {
        unsigned abi = plan->landlock_abi;
        int r;

        r = add_rule(plan, "/", landlock_rights_mask(abi, LANDLOCK_GROUP_READ));
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (streq(m->destination, "/dev"))
                        r = add_rule(plan, "/dev", landlock_rights_mask(abi, LANDLOCK_GROUP_DEVICE));
                else if (plan_mount_is_mounted(m) && m->attributes.devices && !path_is_below(m->destination, "/dev"))
                        r = add_rule(plan, m->destination,
                                     landlock_rights_mask(abi, plan_mount_is_directory(m)
                                                                       ? LANDLOCK_GROUP_DEVICE
                                                                       : LANDLOCK_GROUP_DEVICE | LANDLOCK_GROUP_FILE));
                else if (m->kind == MOUNT_GRANT && m->grant_write)
                        r = add_grant_rule(plan, m);
                else if (plan_mount_is_mounted(m) && !m->attributes.read_only && plan_mount_is_directory(m))
                        r = add_rule(plan, m->destination, landlock_rights_mask(abi, 0));
                else if (plan_mount_is_mounted(m) && !m->attributes.read_only && !m->attributes.devices)
                        r = add_rule(plan, m->destination, landlock_rights_mask(abi, LANDLOCK_GROUP_FILE));
        }
        return r;
}

/* LogDenials=audit. */
static int build_audit(Builder *b) {
        const Setting *s = policy_get(b->policy, D_LogDenials);
        const char *lacking = NULL;

        if (s->value.number != LOG_DENIALS_AUDIT && s->value.number != LOG_DENIALS_BOTH)
                return 0;
        if (b->plan->landlock_abi < LANDLOCK_ABI_LOG)
                lacking = "only Linux 6.15 and newer can note in the audit log what Landlock denies";
        else if (!b->host->has_audit())
                lacking = "this kernel has no audit log (CONFIG_AUDIT)";
        b->plan->audit_denials = !lacking;
        return !lacking || build_may_lack(b, D_LogDenials, s->origin, lacking) ? 0 : -EOPNOTSUPP;
}

int build_landlock(Builder *b) {
        Plan *plan = b->plan;
        int r;

        plan->landlock_abi = b->host->landlock_abi;
        if (plan->landlock_abi >= LANDLOCK_ABI_SCOPE)
                plan->landlock_scope = LANDLOCK_SCOPE_SIGNAL;
        if (plan->landlock_abi >= LANDLOCK_ABI_SCOPE && !policy_is_true(b->policy, D_AbstractSockets))
                plan->landlock_scope |= LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
        r = build_audit(b);
        if (r < 0)
                return r;
        /* In a Landlock domain that handles files, every mount(2) fails. */
        if (build_may_mount(b) || plan->landlock_abi < LANDLOCK_ABI_REFER ||
            !policy_is_true(b->policy, D_LandlockFiles))
                return 0;

        plan->landlock_files = landlock_rights_mask(plan->landlock_abi, 0);
        plan->landlock_queues = plan->namespaces & CLONE_NEWIPC && plan_allows_call(plan, "mq_open");
        return add_file_rules(plan) < 0 ? -ENOMEM : 0;
}
