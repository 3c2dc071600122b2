/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/stage.h"

#include <errno.h>

#include "plan/deny/filter.h"
#include "plan/deny/landlock.h"
#include "plan/who/capabilities.h"
#include "util/array.h"
#include "util/landlock.h"

void stage_plan_deinit(StagePlan *s) {
        plan_free(s->plan);
        policy_free(s->policy);
        *s = (StagePlan) {};
}

static int add_rule(Plan *plan, PlanLandlockRule rule) {
        PlanLandlockRule *slot;

        rule.access &= rule.port ? plan->landlock_net : plan->landlock_files;
        if (!rule.access)
                return 0;
        slot = ARRAY_APPEND(plan->landlock_rules, plan->n_landlock_rules);
        if (!slot)
                return -ENOMEM;
        *slot = rule;
        return 0;
}

static int add_path(Plan *plan, const char *path, uint64_t access, bool optional) {
        return add_rule(plan, (PlanLandlockRule) { .path = path, .access = access, .found_inside = true,
                                                   .optional = optional });
}

/* In a domain that handles files, none moves to another directory without a rule (LANDLOCK_ACCESS_FS_REFER). */
static uint64_t handled_rights(const PolicyStage *stage, unsigned abi) {
        const uint64_t read = landlock_rights_mask(abi, LANDLOCK_GROUP_READ);
        uint64_t handled = 0;

        if (stage_limits_writes(stage))
                handled = landlock_rights_mask(abi, 0) & ~read & ~LANDLOCK_ACCESS_FS_IOCTL_DEV;
        if (stage->settings[D_InaccessiblePaths].n > 0)
                handled |= read;
        if (stage->settings[D_NoExecPaths].n > 0)
                handled |= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REFER;
        return handled;
}

/* Programs write to these, and it changes nothing. */
static int add_devices(Plan *plan) {
        static const char *const devices[] = { "/dev/null", "/dev/zero",    "/dev/full",
                                               "/dev/random", "/dev/urandom", "/dev/tty" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(devices); i++)
                r = add_path(plan, devices[i],
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE,
                             true);
        return r;
}

static int add_path_rules(Plan *plan, const PolicyStage *stage) {
        const bool no_exec = stage->settings[D_NoExecPaths].n > 0;
        const uint64_t read = landlock_rights_mask(plan->landlock_abi, LANDLOCK_GROUP_READ),
                       not_handled = no_exec ? LANDLOCK_ACCESS_FS_EXECUTE : 0;
        const SettingList *exec = &stage->settings[D_ExecPaths];
        StageAccess access;
        const Setting *s;
        int r = 0;

        for (size_t i = 0; r >= 0 && (s = stage_path(stage, i, &access)); i++)
                if (access != STAGE_INACCESSIBLE)
                        r = add_path(plan, s->value.text, (access == STAGE_WRITE ? UINT64_MAX : read) & ~not_handled,
                                     s->value.optional);
        for (size_t i = 0; r >= 0 && i < exec->n; i++)
                r = add_path(plan, exec->items[i].value.text, LANDLOCK_ACCESS_FS_EXECUTE,
                             exec->items[i].value.optional);
        if (r >= 0 && !stage_limits_writes(stage))
                return add_path(plan, "/", LANDLOCK_ACCESS_FS_REFER, false);
        return r < 0 ? r : add_devices(plan);
}

static int cannot(const PolicyStage *stage, DirectiveId id, const char *needs, Report *report) {
        return report_error_at(report, stage->given[id], directive_table[id].name, EOPNOTSUPP,
                               "the stage %s cannot be enforced: it needs %s", stage->name, needs);
}

static int plan_paths(Plan *plan, const PolicyStage *stage, Report *report) {
        const bool writes = stage_limits_writes(stage);

        if (!writes && stage->settings[D_NoExecPaths].n == 0)
                return 0;
        if (writes && plan->landlock_abi < LANDLOCK_ABI_TRUNCATE)
                return cannot(stage, stage_has(stage, D_ReadOnlyPaths) ? D_ReadOnlyPaths : D_InaccessiblePaths,
                              "Landlock of Linux 6.2", report);
        if (plan->landlock_abi < LANDLOCK_ABI_REFER)
                return cannot(stage, D_NoExecPaths, "Landlock of Linux 5.19", report);
        plan->landlock_files = handled_rights(stage, plan->landlock_abi);
        return add_path_rules(plan, stage);
}

static bool is_datagram(const Setting *peer) {
        return peer->value.number2 & PEER_UDP;
}

/* Whether the stage drops a peer. Landlock tells it from those that stay only by the port. */
static int check_dropped(const SettingList *kept, const Setting *peer, const PolicyStage *stage, Report *report) {
        const Setting *near = NULL;

        for (size_t i = 0; i < kept->n; i++) {
                if (streq(kept->items[i].value.text, peer->value.text))
                        return 0;
                if (kept->items[i].value.number == peer->value.number && !is_datagram(&kept->items[i]))
                        near = &kept->items[i];
        }
        if (is_datagram(peer))
                return report_error_at(report, stage->given[D_ConnectTo], "ConnectTo", EOPNOTSUPP,
                                       "the stage %s cannot drop %s: no filter and no Landlock rule tells datagrams of "
                                       "peers apart", stage->name, peer->value.text);
        if (!near)
                return 0;
        return report_error_at(report, stage->given[D_ConnectTo], "ConnectTo", EOPNOTSUPP,
                               "the stage %s cannot keep %s without %s: Landlock tells peers apart only by their ports",
                               stage->name, near->value.text, peer->value.text);
}

/* Without peers, the filter denies connect(2). */
static int plan_peers(Plan *plan, const SettingList *all, const PolicyStage *stage, Report *report) {
        const SettingList *kept = &plan->source->settings[D_ConnectTo];
        int r = 0;

        if (!stage_has(stage, D_ConnectTo))
                return 0;
        for (size_t i = 0; r >= 0 && i < all->n; i++)
                r = check_dropped(kept, &all->items[i], stage, report);
        if (r < 0 || kept->n == 0)
                return r;
        if (plan->landlock_abi < LANDLOCK_ABI_NET)
                r = cannot(stage, D_ConnectTo, "Landlock of Linux 6.7", report);
        plan->landlock_net = LANDLOCK_ACCESS_NET_CONNECT_TCP;
        for (size_t i = 0; r >= 0 && i < kept->n; i++)
                if (!is_datagram(&kept->items[i]))
                        r = add_rule(plan, (PlanLandlockRule) { .port = (uint16_t) kept->items[i].value.number,
                                                                .access = LANDLOCK_ACCESS_NET_CONNECT_TCP });
        return r;
}

int stage_plan_init(StagePlan *ret, const Policy *policy, const PolicyStage *stage, const Host *host, Report *report) {
        const PlanRequest request = {};
        StagePlan s = { .stage = stage, .plan = calloc(1, sizeof(Plan)),
                        .drops_capabilities = stage_has(stage, D_CapabilityBoundingSet) };
        Builder b = { .plan = s.plan, .host = host, .request = &request, .stage = stage, .report = report };
        int r = s.plan ? stage_policy(&s.policy, policy, stage, report) : -ENOMEM;

        b.policy = s.policy;
        if (r >= 0)
                r = build_filter(&b);
        if (r >= 0) {
                s.plan->source = s.policy;
                s.plan->landlock_abi = host->landlock_abi;
                s.plan->bounding = build_named_capabilities(s.policy, host);
                r = plan_paths(s.plan, stage, report);
        }
        if (r >= 0)
                r = plan_peers(s.plan, &policy->settings[D_ConnectTo], stage, report);
        if (r < 0) {
                stage_plan_deinit(&s);
                return report_if_oom(report, r);
        }
        *ret = s;
        return 0;
}

void stage_plan_narrow(const StagePlan *s, Plan *copy) {
        copy->source = s->policy;
        copy->calls = s->plan->calls;
        copy->n_calls = s->plan->n_calls;
        copy->argument_rules = s->plan->argument_rules;
        copy->n_argument_rules = s->plan->n_argument_rules;
        if (s->drops_capabilities)
                copy->bounding &= s->plan->bounding;
        copy->ambient &= copy->bounding;
}

int build_stages(Builder *b) {
        int result = 0;

        for (size_t i = 0; i < b->policy->n_stages && result != -ENOMEM; i++) {
                StagePlan s = {};
                int r = stage_plan_init(&s, b->policy, &b->policy->stages[i], b->host, b->report);

                if (r < 0)
                        result = r;
                stage_plan_deinit(&s);
        }
        return result;
}
