/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/stage.h"

#include <errno.h>

#include "util/path.h"

const Setting *stage_path(const PolicyStage *stage, size_t n, StageAccess *ret) {
        const SettingList *lists[] = { [STAGE_INACCESSIBLE] = &stage->settings[D_InaccessiblePaths],
                                       [STAGE_READ] = &stage->settings[D_ReadOnlyPaths],
                                       [STAGE_WRITE] = &stage->writable };

        for (StageAccess access = 0; access < ELEMENTSOF(lists); access++) {
                if (n < lists[access]->n) {
                        *ret = access;
                        return &lists[access]->items[n];
                }
                n -= lists[access]->n;
        }
        return NULL;
}

bool stage_limits_writes(const PolicyStage *stage) {
        return stage->settings[D_InaccessiblePaths].n > 0 || stage->settings[D_ReadOnlyPaths].n > 0;
}

bool stage_writes_nothing(const PolicyStage *stage) {
        return stage_limits_writes(stage) && stage->writable.n == 0;
}

static const char *name_of(StageAccess access) {
        static const char *const names[] = { [STAGE_INACCESSIBLE] = "InaccessiblePaths",
                                             [STAGE_READ] = "ReadOnlyPaths", [STAGE_WRITE] = "ReadWritePaths" };

        return names[access];
}

/* The line closest above the path of a line, or for the same path. NULL: none. */
static const Setting *find_above(const PolicyStage *stage, const Setting *below, StageAccess *ret) {
        const Setting *found = NULL, *s;
        StageAccess access;

        for (size_t i = 0; (s = stage_path(stage, i, &access)); i++)
                if (s != below && path_is_at_or_below(below->value.text, s->value.text) &&
                    (!found || path_is_at_or_below(s->value.text, found->value.text))) {
                        found = s;
                        *ret = access;
                }
        return found;
}

static int check_path(const PolicyStage *stage, const Setting *s, StageAccess access, Report *report) {
        StageAccess outer = STAGE_INACCESSIBLE;
        const Setting *above = find_above(stage, s, &outer);

        if (s->value.text[0] != '/')
                return report_error_at(report, s->origin, name_of(access), EBADMSG,
                                       "not an absolute path: \"%s\" (the paths of a stage are those inside)",
                                       s->value.text);
        if (!above && (!streq(s->value.text, "/") || access == STAGE_WRITE))
                return report_error_at(report, s->origin, name_of(access), EBADMSG,
                                       "the paths of a stage begin with ReadOnlyPaths=/ or InaccessiblePaths=/; add "
                                       "one of these");
        if (above && outer > access)
                return report_error_at(report, s->origin, name_of(access), EBADMSG,
                                       "a stage cannot take %s away from %s (%s=): a path must not permit less than "
                                       "the one above it", s->value.text, above->value.text, name_of(outer));
        return 0;
}

static int check_exec(const PolicyStage *stage, Report *report) {
        const SettingList *no = &stage->settings[D_NoExecPaths], *yes = &stage->settings[D_ExecPaths];

        for (size_t i = 0; i < no->n; i++)
                if (!streq(no->items[i].value.text, "/"))
                        return report_error_at(report, no->items[i].origin, "NoExecPaths", EBADMSG,
                                               "a stage cannot take %s away: write NoExecPaths=/, and ExecPaths= with "
                                               "the paths that stay executable", no->items[i].value.text);
        if (no->n == 0 && yes->n > 0)
                return report_error_at(report, yes->items[0].origin, "ExecPaths", EBADMSG, "add NoExecPaths=/");
        return 0;
}

int stage_check(const PolicyStage *stage, Report *report) {
        int result = check_exec(stage, report);
        StageAccess access;
        const Setting *s;

        for (size_t i = 0; (s = stage_path(stage, i, &access)); i++) {
                int r = check_path(stage, s, access, report);

                if (r < 0)
                        result = r;
        }
        return result;
}

/* Whether the list takes away from the policy's, instead of replacing it. */
static bool takes_away(const SettingList *list, DirectiveId id) {
        return (id == D_SystemCallFilter || id == D_RestrictAddressFamilies || id == D_RestrictNamespaces ||
                id == D_CapabilityBoundingSet) &&
               list->n > 0 && list->items[0].value.inverted && !list->items[0].value.whole;
}

/* A peer of a stage without a target is that of the policy, with its target. */
static bool names_peer(const Value *stage, const Value *policy) {
        return streq(stage->words[0], policy->words[0]) &&
               stage->number == policy->number && (stage->number2 & PEER_UDP) == (policy->number2 & PEER_UDP) &&
               (!stage->words[1] || streq(stage->text, policy->text));
}

static int apply_peers(Policy *policy, const SettingList *peers) {
        SettingList *list = &policy->settings[D_ConnectTo], all = *list;
        int r = 0;

        *list = (SettingList) {};
        for (size_t i = 0; r >= 0 && i < peers->n; i++) {
                SettingList one = { .items = &peers->items[i], .n = 1 };

                for (size_t k = 0; k < all.n; k++)
                        if (names_peer(&peers->items[i].value, &all.items[k].value))
                                one.items = &all.items[k];
                r = setting_list_copy(list, &one, true);
        }
        setting_list_clear(&all);
        return r;
}

static int apply(Policy *policy, const PolicyStage *stage, DirectiveId id) {
        const SettingList *list = &stage->settings[id];

        if (id == D_ConnectTo && stage_has(stage, id))
                return apply_peers(policy, list);
        if (id == D_InaccessiblePaths || id == D_ReadOnlyPaths || list->n == 0)
                return 0;
        if (id == D_NoExecPaths) {
                int r = setting_list_copy(&policy->settings[D_ExecPaths], &stage->settings[D_ExecPaths], false);

                return r < 0 ? r : setting_list_copy(&policy->settings[id], list, true);
        }
        return id == D_ExecPaths ? 0 : setting_list_copy(&policy->settings[id], list, takes_away(list, id));
}

/* Calls that every stage denies, because they lead around it. The filter does not see the operations of a ring, and
 * other processes of the program, which are not in the stage, could be made to act for this one. */
#define AROUND "~io_uring_setup io_uring_enter io_uring_register ptrace process_vm_readv process_vm_writev pidfd_getfd"

/* Landlock does not know these calls. They change files that stay readable. */
#define METADATA                                                                                                \
        "~@chown chmod fchmod fchmodat fchmodat2 utime utimes utimensat utimensat_time64 futimesat setxattr "   \
        "lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr "      \
        "truncate truncate64"

static int deny(Policy *policy, const char *calls, Report *report) {
        return policy_assign(policy, (Origin) {}, NULL, directive_table[D_SystemCallFilter].name, calls, report);
}

/* A program also has the capabilities of AmbientCapabilities=. A stage that lists what it keeps lists these, too. */
static int limit_ambient(Policy *policy, const PolicyStage *stage) {
        const SettingList *list = &stage->settings[D_CapabilityBoundingSet];
        SettingList *ambient = &policy->settings[D_AmbientCapabilities];

        if (list->n == 0 || ambient->n == 0)
                return 0;
        if (takes_away(list, D_CapabilityBoundingSet))
                return setting_list_copy(ambient, list, true);
        setting_list_clear(ambient);
        return 0;
}

int stage_policy(Policy **ret, const Policy *policy, const PolicyStage *stage, Report *report) {
        _cleanup_(policy_freep) Policy *p = policy_copy(policy);
        int r = p ? policy_complete(p, report) : -ENOMEM;

        if (r >= 0 && stage)
                r = limit_ambient(p, stage);
        for (DirectiveId id = 0; r >= 0 && stage && id < _DIRECTIVE_MAX; id++)
                r = apply(p, stage, id);
        if (r >= 0 && stage)
                r = deny(p, AROUND, report);
        if (r >= 0 && stage && stage_writes_nothing(stage))
                r = deny(p, METADATA, report);
        if (r >= 0 && stage && stage_has(stage, D_ConnectTo) && stage->settings[D_ConnectTo].n == 0)
                r = deny(p, "~connect", report);
        if (r >= 0)
                *ret = TAKE_PTR(p);
        return report_if_oom(report, r);
}
