/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/summary.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>

#include "plan/show/summary-line.h"
#include "policy/value/names.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Summarizer {
        const Plan *plan;
        const Policy *policy;
} Summarizer;

/* Adds the origins of a directive's values. */
static void add_origins(const Summarizer *s, SummaryLine *line, DirectiveId id) {
        const SettingList *list = &s->policy->settings[id];

        for (size_t i = 0; i < list->n; i++)
                summary_add_origin(line, list->items[i].origin);
}

/* Adds the values of a list as they stand in the policy. Returns whether there are any. */
static bool add_values(const Summarizer *s, SummaryLine *line, DirectiveId id) {
        const SettingList *list = &s->policy->settings[id];
        bool any = false;

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                if (*v->text) {
                        summary_add_word(line, format("%s%s", v->inverted ? "~" : "", v->text));
                        any = true;
                }
        }
        add_origins(s, line, id);
        return any;
}

static void say_policy(const Summarizer *s, SummaryLine *line) {
        summary_add_part(line, "name", "");
        summary_add_word(line, strdup(s->plan->policy));
        if (*s->plan->description) {
                summary_add_part(line, "description", "–");
                summary_add_word(line, strdup(s->plan->description));
                add_origins(s, line, D_Description);
        }
}

static void say_command(const Summarizer *s, SummaryLine *line) {
        summary_add_part(line, "executable", "");
        if (s->plan->executable)
                summary_add_word(line, strdup(s->plan->executable));
        summary_end_part(line);
        summary_add_origin(line, s->plan->command_origin);
        summary_add_part(line, "directory", "in");
        summary_add_word(line, strdup(s->plan->working_directory));
        add_origins(s, line, D_WorkingDirectory);
}

static void say_holder(const Summarizer *s, SummaryLine *line) {
        static const struct {
                const char *word, *label;
        } holders[] = {
                [HOLDER_SCOPE] = { "scope", "a scope of systemd:" },
                [HOLDER_SERVICE] = { "service", "the unit whose main process is isorun:" },
                [HOLDER_CGROUP] = { "cgroup", "a separate cgroup, without systemd:" },
                [HOLDER_POOL] = { "pool", "a cgroup in a pool:" },
                [HOLDER_NONE] = { "none", "no unit, and no separate cgroup" },
        };
        const Plan *plan = s->plan;

        summary_add_fact(line, "kind", holders[plan->holder].word, holders[plan->holder].label);
        if (plan->holder == HOLDER_NONE)
                return;
        summary_add_part(line, "unit", "");
        summary_add_word(line, strdup(plan->holder == HOLDER_POOL ? plan->pool : plan->unit));
}

static void say_peers(const Plan *plan, SummaryLine *line) {
        summary_add_part(line, "peers", "");
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                summary_add_word(line, plan_peer_name(p));
                summary_add_origin(line, p->origin);
        }
}

static void say_entrances(const Plan *plan, SummaryLine *line) {
        summary_add_part(line, "entrances", "; servers inside are reached at");
        for (const PlanEntrance *e = plan->entrances; e < plan->entrances + plan->n_entrances; e++) {
                summary_add_word(line, plan_entrance_name(e));
                summary_add_origin(line, e->origin);
        }
}

static void say_grants(const Summarizer *s, SummaryLine *line) {
        summary_add_part(line, "grants", s->plan->n_peers > 0 ? "and" : "; peers:");
        summary_add_word(line, strdup("those of isoctl grant"));
        add_origins(s, line, D_GrantPeers);
}

static void say_network(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;

        if (!(plan->namespaces & CLONE_NEWNET))
                summary_add_fact(line, "kind", "host", "the host's");
        else if (plan->n_peers > 0)
                summary_add_fact(line, "kind", "peers", "only these peers:");
        else
                summary_add_fact(line, "kind", "none", "none but a private loopback device");
        add_origins(s, line, D_PrivateNetwork);
        if (plan->n_peers > 0)
                say_peers(plan, line);
        if (plan->grant_peers)
                say_grants(s, line);
        if (plan->n_entrances > 0)
                say_entrances(plan, line);
        summary_add_part(line, "families", "– sockets:");
        if (!add_values(s, line, D_RestrictAddressFamilies))
                summary_add_word(line, strdup(s->policy->settings[D_RestrictAddressFamilies].n > 0 ? "none" : "all"));
}

/* A place of a volume, with its source if that has another path. */
static char *name_volume(const PlanMount *m) {
        _cleanup_free_ char *source = NULL;

        if (m->source.kind == SOURCE_PATH && streq(m->source.path, m->destination))
                return strdup(m->destination);
        source = plan_source_format(&m->source);
        return source ? format("%s (%s)", m->destination, source) : NULL;
}

static bool is_volume(const PlanMount *m) {
        return (m->kind == MOUNT_BIND || m->kind == MOUNT_ROOT) && m->source.kind != SOURCE_NONE &&
               !m->attributes.read_only && !plan_mount_is_overlay(m) && !(m->kind == MOUNT_ROOT && m->merge);
}

static bool is_memory(const PlanMount *m) {
        return plan_mount_is_overlay(m) || (m->kind == MOUNT_TMPFS && !m->attributes.read_only);
}

static bool is_writable_grant(const PlanMount *m) {
        return m->kind == MOUNT_GRANT && m->grant_write;
}

/* Adds the mounts that match, and their origins. */
static void add_mounts(const Summarizer *s, SummaryLine *line, bool (*match)(const PlanMount *m)) {
        for (size_t i = 0; i < s->plan->n_mounts; i++) {
                const PlanMount *m = &s->plan->mounts[i];

                if (!match(m))
                        continue;
                summary_add_word(line, m->kind == MOUNT_BIND ? name_volume(m) : strdup(m->destination));
                if (m->origin.line > 0 || m->asker == ASKED_BY_POLICY)
                        summary_add_origin(line, m->origin);
        }
}

static void add_places(const Summarizer *s, SummaryLine *line, const char *name, const char *label,
                       bool (*match)(const PlanMount *m)) {
        summary_add_places(line, name, label);
        add_mounts(s, line, match);
        summary_end_part(line);
}

static void say_writes(const Summarizer *s, SummaryLine *line) {
        add_places(s, line, "volumes", "volumes", is_volume);
        add_places(s, line, "grants", line->n_parts ? "; by isoctl grant" : "by isoctl grant", is_writable_grant);
        summary_add_memory(line);
        add_mounts(s, line, is_memory);
        summary_end_part(line);
        summary_add_none(line, "nothing");
}

/* Whether the entry is about the files of the host, and not about /dev and /proc: every instance has its own. */
static bool is_of_files(const PlanMount *m) {
        return !path_is_below(m->destination, "/dev") && !path_is_below(m->destination, "/proc") &&
               !streq(m->destination, "/dev");
}

static bool is_shown(const PlanMount *m) {
        return (m->kind == MOUNT_BIND || m->kind == MOUNT_COPY || m->kind == MOUNT_MERGE) &&
               m->attributes.read_only && is_of_files(m);
}

static bool is_shown_by_policy(const PlanMount *m) {
        return is_shown(m) && m->asker >= ASKED_BY_SERVICE;
}

static bool is_empty(const PlanMount *m) {
        return m->kind == MOUNT_TMPFS && m->attributes.read_only && is_of_files(m);
}

static bool is_hidden(const PlanMount *m) {
        return m->kind == MOUNT_BLOCKED && is_of_files(m);
}

/* An image by its name: the paths of its layers are long, and only the store's. */
static char *name_root(const Summarizer *s) {
        const Setting *image = s->plan->image_id ? policy_get(s->policy, D_RootDirectory) : NULL;

        return image ? strdup(image->value.words[0]) : plan_source_format(&s->plan->mounts[0].source);
}

static void say_reads(const Summarizer *s, SummaryLine *line) {
        const PlanMount *root = &s->plan->mounts[0];
        const bool whole = root->source.kind != SOURCE_NONE;

        if (whole) {
                summary_add_part(line, "root", streq(root->source.path, "/") ? "the host's" : "the root");
                summary_add_word(line, name_root(s));
                summary_add_origin(line, root->origin);
        }
        add_places(s, line, "shown", whole ? "and" : "only", whole ? is_shown_by_policy : is_shown);
        add_places(s, line, "empty", "– empty:", is_empty);
        add_places(s, line, "hidden", "– hidden:", is_hidden);
}

static void add_capabilities(SummaryLine *line, uint64_t mask) {
        for (unsigned c = 0; c < 64; c++) {
                char name[CAPABILITY_NAME_MAX];

                if (mask & UINT64_C(1) << c)
                        summary_add_word(line, strdup(capability_name(c, name)));
        }
}

static void say_may(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;

        summary_add_part(line, "capabilities", "");
        add_capabilities(line, plan->bounding | plan->ambient);
        summary_end_part(line);
        summary_add_none(line, "no capabilities");
        add_origins(s, line, D_CapabilityBoundingSet);
        add_origins(s, line, D_AmbientCapabilities);
        if (plan->may_mount) {
                summary_add_fact(line, "mount", "yes", "– may mount, in namespaces");
                add_origins(s, line, D_Nesting);
        }
}

static void say_calls(const Summarizer *s, SummaryLine *line) {
        summary_add_part(line, "filter", "");
        line->parts[0].calls = true;
        (void) add_values(s, line, D_SystemCallFilter);
        summary_end_part(line);
}

/* Limits that the policy asks for; isorun's own bounds are details. */
static void say_limits(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;

        summary_add_part(line, "limits", "");
        for (size_t i = 0; i < plan->n_properties; i++) {
                const PlanProperty *p = &plan->properties[i];

                for (size_t k = 0; k < p->settings->n; k++) {
                        const Setting *setting = &p->settings->items[k];

                        if (!setting->origin.file)
                                continue;
                        summary_add_word(line, format("%s=%s%s", p->directive->name, setting->value.text,
                                              p->optional ? " (optional)" : ""));
                        summary_add_origin(line, setting->origin);
                }
        }
        for (size_t i = 0; i < plan->n_limits; i++) {
                const Directive *d = plan->limits[i].directive;

                if (!plan->limits[i].origin.file)
                        continue;
                summary_add_word(line, format("%s=%s", d->name, policy_get(s->policy, directive_id(d))->value.text));
                summary_add_origin(line, plan->limits[i].origin);
        }
        summary_end_part(line);
        summary_add_none(line, "none but the caller's");
}

/* What a simple map means, or NULL. */
static const char *describe_map(const IdMap *map) {
        const IdMapEntry *e = map->items;

        if (map->n == 0)
                return "– in the host's user namespace";
        if (map->n > 1 || e->inside != e->outside)
                return NULL;
        if (e->count == 1)
                return "– in a private user namespace that has only this user";
        return e->inside == 0 && e->count == UINT32_MAX ? "– in a private user namespace with the ids of the host"
                                                        : NULL;
}

static void say_users(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;
        const IdMap *map = plan->inner_uid_map.n ? &plan->inner_uid_map : &plan->uid_map;
        const char *meaning = describe_map(map);

        summary_add_ids(line, plan->uid, plan->gid);
        summary_add_part(line, "map", meaning ?: "– in a private user namespace (id inside, outside, count):");
        line->parts[line->n_parts - 1].is_told = meaning;
        if (map->n)
                summary_add_word(line, id_map_format(map, ", "));
        add_origins(s, line, D_User);
        add_origins(s, line, D_Group);
        add_origins(s, line, D_PrivateUsers);
}

int plan_summarize(const Plan *plan, const Policy *policy, Summary *ret) {
        static const struct {
                const char *key;
                void (*say)(const Summarizer *s, SummaryLine *line);
        } lines[] = {
                { "policy", say_policy },   { "command", say_command }, { "held by", say_holder },
                { "network", say_network }, { "writes", say_writes },   { "reads", say_reads },
                { "may", say_may },         { "calls", say_calls },     { "limits", say_limits },
                { "users", say_users },
        };
        Summary summary = {};
        const Summarizer s = { .plan = plan, .policy = policy };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                SummaryLine *line = summary_add_line(&summary, lines[i].key);

                if (line)
                        lines[i].say(&s, line);
                if (!line || line->failed) {
                        summary_deinit(&summary);
                        return -ENOMEM;
                }
        }
        *ret = summary;
        return 0;
}
