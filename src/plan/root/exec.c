/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the payload can execute files: NoExecPaths= and ExecPaths=. For each place, the path closest above it decides.
 * A mount is noexec as a whole, so a path in the middle of a mount becomes a mount of its own.
 *
 * MemoryDenyWriteExecute= makes writable places noexec, unless ExecPaths= has a path above them. Otherwise the payload
 * could write code to a file, and map or execute that. */
#include "plan/root/exec.h"

#include <errno.h>
#include <stdio.h>

#include "plan/root/place.h"
#include "util/array.h"
#include "util/path.h"

typedef struct ExecRule {
        char *path; /* without symlinks; first, for path_sort() */
        bool exec;
        DirectiveId id;
        const Setting *setting;
} ExecRule;

typedef struct ExecRules {
        ExecRule *items;
        size_t n;
} ExecRules;

static void rules_deinit(ExecRules *rules) {
        for (size_t i = 0; i < rules->n; i++)
                free(rules->items[i].path);
        free(rules->items);
}

/* The rule for the path or, closest above, for a directory that contains it. strict: not for the path itself. */
static const ExecRule *find_rule(const ExecRules *rules, const char *path, bool strict) {
        return path_find_above(rules->items, rules->n, sizeof(ExecRule), path, strict);
}

static int add_rule(RootBuilder *rb, ExecRules *rules, DirectiveId id, const Setting *s) {
        const bool exec = id == D_ExecPaths;
        _cleanup_(spot_deinit) Spot spot = {};
        const char *path = s->value.text;
        ExecRule *rule;
        int r;

        r = root_model_walk(&rb->model, path, &spot);
        if (r < 0)
                return r == -ENOMEM ? r : build_error(rb->b, s, id, -r, "%s: %s", path, strerror(-r));
        if (spot.leaves_root || spot.through_volume)
                return build_error(rb->b, s, id, ELOOP,
                                   "%s: this path contains a symlink that leads out of the root, or is in a writable "
                                   "volume", path);
        /* The payload can make this path, so the directory in memory becomes noexec as a whole. */
        if (!spot.exists && !exec && spot.cover->kind == MOUNT_TMPFS && !spot.cover->attributes.read_only)
                path = spot.cover->destination;
        else if (!spot.exists)
                return s->value.optional ? 0 : build_error(rb->b, s, id, ENOENT,
                                                           "%s does not exist in the sandbox (write -%s to skip it)",
                                                           path, path);
        else
                path = spot.path;
        rule = ARRAY_APPEND(rules->items, rules->n);
        if (!rule)
                return -ENOMEM;
        *rule = (ExecRule) { .path = strdup(path), .exec = exec, .id = id, .setting = s };
        return rule->path ? 0 : -ENOMEM;
}

static int add_rules(RootBuilder *rb, ExecRules *rules, DirectiveId id) {
        const SettingList *list = build_list(rb->b, id);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < list->n; i++)
                r = add_rule(rb, rules, id, &list->items[i]);
        return r;
}

/* A directory that isorun makes in memory becomes a file system in memory of its own. */
static int make_memory(RootBuilder *rb, PlanMount *m) {
        char mode[8];

        snprintf(mode, sizeof(mode), "%04o", m->mode);
        m->options = root_builder_tmpfs_options(rb->b->plan, mode, TMPFS_SIZE, 0);
        m->kind = MOUNT_TMPFS;
        return m->options ? 0 : -ENOMEM;
}

static int bind_part(RootBuilder *rb, const ExecRule *rule, const Spot *spot) {
        int r = root_builder_bind_part(rb, rule->id, rule->setting, spot);

        return r != -EOPNOTSUPP ? r
                                : build_error(rb->b, rule->setting, rule->id, EOPNOTSUPP,
                                              "%s is a part of %s, and only %s as a whole can be made executable or "
                                              "not",
                                              rule->path, spot->cover->destination, spot->cover->destination);
}

/* Makes sure that the rule's path is a mount, if the rule changes anything. */
static int separate(RootBuilder *rb, const ExecRules *rules, size_t i) {
        const ExecRule *rule = &rules->items[i], *above = find_rule(rules, rule->path, true);
        PlanMount *there = root_model_find(&rb->model, rule->path);
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        if (i > 0 && streq(rules->items[i - 1].path, rule->path))
                return rules->items[i - 1].exec == rule->exec
                               ? 0 : build_error(rb->b, rule->setting, rule->id, EINVAL,
                                                 "%s is in both NoExecPaths= and ExecPaths=", rule->path);
        if (rule->exec == (!above || above->exec))
                return 0;
        if (there && there->kind == MOUNT_DIRECTORY)
                return make_memory(rb, there);
        if (there && there->kind == MOUNT_MERGE && there->source.kind == SOURCE_PATH) {
                there->kind = MOUNT_BIND;
                there->attributes.recursive = true;
                return 0;
        }
        if (there)
                return 0;
        r = root_model_walk(&rb->model, rule->path, &spot);
        return r < 0 ? r : bind_part(rb, rule, &spot);
}

static bool is_writable(const PlanMount *m) {
        return !m->attributes.read_only &&
               (m->kind == MOUNT_BIND || m->kind == MOUNT_OVERLAY || m->kind == MOUNT_TMPFS);
}

static void apply(RootBuilder *rb, const ExecRules *rules) {
        const bool deny_writable = policy_is_true(rb->b->policy, D_MemoryDenyWriteExecute);

        for (size_t i = 0; i < rb->model.n_mounts; i++) {
                PlanMount *m = rb->model.mounts[i];
                const ExecRule *rule = find_rule(rules, m->destination, false);
                const bool writable = is_writable(m) || (m->kind == MOUNT_GRANT && m->grant_write);

                if (!m->attributes.no_exec && (rule ? !rule->exec : deny_writable && writable))
                        m->attributes.no_exec = m->made_no_exec = true;
        }
}

int build_exec(RootBuilder *rb) {
        _cleanup_(rules_deinit) ExecRules rules = {};
        int r;

        r = add_rules(rb, &rules, D_NoExecPaths);
        if (r >= 0)
                r = add_rules(rb, &rules, D_ExecPaths);
        if (r >= 0)
                path_sort(rules.items, rules.n, sizeof(ExecRule));
        for (size_t i = 0; r >= 0 && i < rules.n; i++)
                r = separate(rb, &rules, i);
        if (r >= 0)
                apply(rb, &rules);
        return r;
}
