/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/claims.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>

#include "policy/value/names.h"
#include "util/path.h"

/* The payload may have capabilities in a user namespace of its own: the kernel asks for those of UnitLine.capabilities
 * only in the initial one. */
static const char *find_capability(const Builder *b, const UnitLine *line) {
        if (b->plan->namespaces & CLONE_NEWUSER)
                return NULL;
        for (const char *const *c = line->capabilities; c && *c; c++) {
                const NamedNumber *known = capability_find(*c);

                if (!known || b->plan->bounding & UINT64_C(1) << known->number)
                        return *c;
        }
        return NULL;
}

static const char *find_call(const Plan *plan, const char *name) {
        const SyscallGroup *group = syscall_group_find(name);

        if (!group)
                return plan_allows_call(plan, name) ? name : NULL;
        for (const SyscallMember *m = group->members; *m; m++) {
                const char *found = find_call(plan, syscall_member_name(*m));

                if (found)
                        return found;
        }
        return NULL;
}

static bool shows(const PlanMount *mount, const char *path) {
        return path_is_at_or_below(mount->destination, path) ||
               (mount->source.path && path_is_at_or_below(mount->source.path, path));
}

static bool shows_hidden(const PlanMount *mount, const UnitLine *line) {
        for (const char *const *hidden = line->hidden; hidden && *hidden; hidden++)
                if (shows(mount, *hidden))
                        return true;
        return false;
}

/* The first place that the line would not let the payload use so, or NULL. */
static const char *find_mount(const Plan *plan, const UnitLine *line) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];
                bool writable = m->kind == MOUNT_CGROUP || plan_mount_is_writable_bind(m),
                     asked = m->asker == ASKED_BY_POLICY || m->asker == ASKED_BY_SERVICE;

                if ((line->conditions & UNIT_LINE_SYS && writable && shows(m, "/sys")) ||
                    (line->conditions & UNIT_LINE_PROC && writable && shows(m, "/proc")) ||
                    (line->conditions & UNIT_LINE_PROC && m->kind == MOUNT_PROC && !m->attributes.read_only) ||
                    (line->conditions & UNIT_LINE_DEVICES && m->kind == MOUNT_BIND && asked && m->attributes.devices) ||
                    (m->kind != MOUNT_BLOCKED && asked && shows_hidden(m, line)))
                        return m->destination;
        }
        return NULL;
}

/* Writes the reason why the instance is weaker than the line. Returns whether there is one. */
static bool is_weaker(const Builder *b, const UnitLine *line, char *ret, size_t size) {
        const char *capability = find_capability(b, line), *call = line->calls ? find_call(b->plan, line->calls) : NULL,
                   *mount = find_mount(b->plan, line);

        if (capability)
                snprintf(ret, size, "the payload keeps %s", capability);
        else if (call)
                snprintf(ret, size, "the payload may use the system call %s", call);
        else if (mount)
                snprintf(ret, size, "the payload could use %s", mount);
        else if (line->conditions & UNIT_LINE_PROC && b->plan->may_mount)
                snprintf(ret, size, "the payload can mount another /proc");
        else if (line->conditions & UNIT_LINE_DEVICES && !policy_is_true(b->policy, D_PrivateDevices))
                snprintf(ret, size, "PrivateDevices=no shows the host's devices");
        else if (line->conditions & UNIT_LINE_IPC && !policy_is_true(b->policy, D_PrivateIPC))
                snprintf(ret, size, "PrivateIPC=no uses the host's IPC objects, which stay");
        else if (line->conditions & UNIT_LINE_WRITABLE_ROOT && b->request->writable_root)
                snprintf(ret, size, "isoctl build makes the root writable");
        else
                return false;
        return true;
}

int build_claims(Builder *b) {
        int result = 0;

        for (size_t i = 0; i < b->policy->n_claims; i++) {
                const Claim *claim = &b->policy->claims[i];
                char reason[256];

                if (!claim->line || !is_weaker(b, claim->line, reason, sizeof(reason)))
                        continue;
                result = report_error_at(b->report, claim->origin, claim->line->key, EPERM,
                                         "this policy is weaker, because %s: change that, or remove this line", reason);
        }
        return result;
}
