/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses what holds the limits: a scope, the service that isorun is the main process of, or a delegated cgroup. */
#include "plan/unit/holder.h"

#include <errno.h>
#include <fcntl.h>

#include "plan/unit/controllers.h"
#include "plan/unit/delegated.h"
#include "plan/unit/lacking.h"
#include "plan/unit/name.h"
#include "plan/unit/pool.h"
#include "plan/who/capabilities.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/path.h"

const char *build_holder_reason(const Builder *b) {
        UnitPlace around;

        if (b->plan->pool_base && plan_unit_is_service(b->plan->pool))
                return "an instance in a pool has no unit that could enforce it (the service that the pool is in can, "
                       "for all its processes)";
        if (b->plan->pool)
                return "an instance in a pool has no unit that could enforce it";
        if (b->request->no_scope)
                return "with --no-scope there is no unit that could enforce it";
        if (plan_stays_in_unit(b->host, b->request, &around))
                return "isorun stays in its cgroup, which another unit's program has made (--user or --system asks a "
                       "service manager for a unit)";
        return b->plan->user_manager ? "isorun cannot reach the user's service manager, and has no delegated cgroup "
                                       "that could enforce it"
                                     : "isorun cannot reach the system's service manager, and has no delegated cgroup "
                                       "that could enforce it";
}

static int add_property(Builder *b, DirectiveId id) {
        const SettingList *settings = build_list(b, id);
        PlanProperty *p = ARRAY_APPEND(b->plan->properties, b->plan->n_properties);

        if (!p)
                return -ENOMEM;
        *p = (PlanProperty) {
                .directive = &directive_table[id],
                .settings = settings,
                .optional = policy_optional(b->policy, id),
        };
        return 0;
}

static void say_without_unit(const Builder *b) {
        UnitPlace around;

        if (plan_stays_in_unit(b->host, b->request, &around))
                report_notice(b->report, "isorun stays in its cgroup, which the program of %.*s has made, so the "
                              "instance is not a unit (--%s asks for one)", (int) around.n, around.name,
                              b->plan->user_manager ? "user" : "system");
        else
                report_notice(b->report, "cannot reach the %s service manager, so the instance is not a unit",
                              b->plan->user_manager ? "user's" : "system's");
}

static int choose_holder(Builder *b) {
        Plan *plan = b->plan;
        PlanUnit unit;
        int r;

        r = plan_unit(b->host, b->request, &unit);
        if (r < 0)
                return r;
        plan->holder = unit.holder;
        plan->user_manager = unit.user_manager;
        plan->unit = unit.name;
        r = build_pool(b, build_holder_reason(b));
        if (r > 0)
                plan->holder = HOLDER_POOL;
        if (r != 0)
                return r < 0 ? r : 0;
        if (plan->holder == HOLDER_SERVICE) {
                plan->cgroup = strdup(b->host->cgroup);
                return plan->cgroup ? 0 : -ENOMEM;
        }
        if (plan->holder == HOLDER_SCOPE)
                return 0;
        if (b->request->manager != MANAGER_AUTO && !b->request->no_scope)
                return report_error(b->report, EHOSTUNREACH,
                                    "--%s: isorun cannot reach the %s service manager (isoctl doctor says what to "
                                    "change)", plan->user_manager ? "user" : "system",
                                    plan->user_manager ? "user's" : "system's");

        r = b->request->no_scope || plan->n_properties == 0 ? 0 : delegated_find(b, &plan->cgroup);
        if (r > 0)
                plan->holder = HOLDER_CGROUP;
        else if (!b->request->no_scope && plan->n_properties == 0) /* otherwise check_enforceable() says so */
                say_without_unit(b);
        return r < 0 ? r : 0;
}

/* Returns the reason why nothing can enforce the property, or NULL. controllers: those of the service manager, if the
 * plan is only checked. */
static const char *find_obstacle(const Builder *b, const Directive *d, const char *controllers) {
        const Plan *plan = b->plan;

        if (!holder_is_unit(plan->holder) &&
            !(holder_is_own(plan->holder) && (delegated_can_set(d) || directive_id(d) == D_Delegate)))
                return build_holder_reason(b);
        /* A user's manager cannot attach BPF programs, because only root may call bpf(2). */
        if (plan->user_manager && d->cgroup_file && streq(d->cgroup_file, "bpf"))
                return "a user's systemd accepts it but does not enforce it";
        if (controllers && delegated_can_set(d) && !controllers_have(controllers, d->cgroup_file))
                return plan->user_manager ? "your service manager does not have the cgroup controller for it, as "
                                            "isoctl doctor says"
                                          : "the kernel does not have the cgroup controller for it, as isoctl doctor "
                                            "says";
        return NULL;
}

/* Removes properties that nothing can enforce, if Optional= names them. Otherwise they are errors. */
static int check_enforceable(Builder *b) {
        _cleanup_lacking_ Lacking lacking = { .report = b->report, .plan = b->plan, .refusal = "cannot be enforced: ",
                                               .explain = b->request->explain };
        _cleanup_free_ char *controllers = NULL;
        Plan *plan = b->plan;
        size_t kept = 0;
        int r = 0;

        if (b->request->only_plan && (plan->holder == HOLDER_SCOPE || plan->holder == HOLDER_POOL) &&
            controllers_read(b->host, plan->user_manager, &controllers) == -ENOMEM)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_properties; i++) {
                PlanProperty p = plan->properties[i];
                const char *obstacle = find_obstacle(b, p.directive, controllers);

                if (!obstacle)
                        plan->properties[kept++] = p;
                else if (plan->pool && !plan->pool_base && directive_id(p.directive) == D_Slice)
                        continue; /* the pool is in it */
                else if (directive_id(p.directive) == D_MemorySwapMax && policy_get(b->policy, D_MemoryMax))
                        continue; /* the message about MemoryMax= is enough */
                else {
                        int added = lacking_add(&lacking, &p, obstacle);

                        r = added < 0 ? added : r;
                        if (lacking.explain && !p.optional) /* the plan is that of a host that can enforce it */
                                plan->properties[kept++] = p;
                }
        }
        plan->n_properties = kept;
        return r;
}

/* The payload may see its cgroup as writable only if it is really delegated. In a service, isorun finds that out too
 * late for the plan. */
static int build_delegate(Builder *b) {
        const Setting *delegate = policy_get(b->policy, D_Delegate), *optional = policy_optional(b->policy, D_Delegate);
        Plan *plan = b->plan;

        for (size_t i = 0; i < plan->n_properties && !plan->delegate; i++)
                plan->delegate = directive_id(plan->properties[i].directive) == D_Delegate && delegate->value.number;
        if (plan->delegate && plan->holder == HOLDER_SERVICE && optional)
                return build_error(b, optional, D_Optional, EINVAL,
                                   "Delegate= cannot be optional in a service, because isorun makes the plan before it "
                                   "knows whether the service has it");
        return 0;
}

/* A payload that can mount can see the cgroups of its cgroup namespace, and files with limits may belong to its user.
 * So the namespace begins below them. */
int build_inner_cgroup(Builder *b) {
        b->plan->may_mount = build_may_mount(b);
        b->plan->inner_cgroup = b->plan->holder != HOLDER_NONE && (b->plan->delegate || b->plan->may_mount);
        return 0;
}

int build_holder(Builder *b) {
        int r;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (directive_table[id].section == SECTION_SCOPE && build_list(b, id)->n > 0 &&
                    add_property(b, id) < 0)
                        return -ENOMEM;

        r = choose_holder(b);
        if (r < 0)
                return r;

        if (b->host->cgroup_root) {
                b->plan->cgroup_root = strdup(b->host->cgroup_root);
                if (!b->plan->cgroup_root)
                        return -ENOMEM;
        }

        r = check_enforceable(b);
        return r < 0 ? r : build_delegate(b);
}
