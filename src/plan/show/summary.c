/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/summary.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>

#include "plan/show/calls.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum {
        BRIEF_WORDS = 6,
        NEAR_ORIGINS = 8, /* an origin is not repeated within so many */
        MOST_ORIGINS = 12, /* so many are printed */
};

typedef struct Summarizer {
        const Plan *plan;
        const Policy *policy;
} Summarizer;

static void add_origin(SummaryLine *line, Origin origin) {
        Origin *slot;

        if (!origin.file || line->failed)
                return;
        for (size_t i = line->n_origins; i > 0 && i + NEAR_ORIGINS > line->n_origins; i--)
                if (origin_equal(line->origins[i - 1], origin))
                        return;
        slot = ARRAY_APPEND(line->origins, line->n_origins);
        if (slot)
                *slot = origin;
        else
                line->failed = true;
}

/* Adds the origins of a directive's values. */
static void add_origins(const Summarizer *s, SummaryLine *line, DirectiveId id) {
        const SettingList *list = &s->policy->settings[id];

        for (size_t i = 0; i < list->n; i++)
                add_origin(line, list->items[i].origin);
}

/* Adds a word to the last part. Takes it over, and takes NULL for a lack of memory. */
static void add_word(SummaryLine *line, char *word) {
        if (strv_consume(&line->parts[line->n_parts - 1].words, word) < 0)
                line->failed = true;
}

static void add_part(SummaryLine *line, const char *name, const char *label) {
        line->parts[line->n_parts++] = (SummaryPart) { .name = name, .label = label };
}

/* Adds a part that is one of a few words for programs, and a text for people. */
static void add_fact(SummaryLine *line, const char *name, const char *word, const char *label) {
        add_part(line, name, label);
        line->parts[line->n_parts - 1].is_word = true;
        add_word(line, strdup(word));
}

/* Removes the last part if it has no words. */
static void end_part(SummaryLine *line) {
        if (!line->parts[line->n_parts - 1].words)
                line->n_parts--;
}

/* Adds the values of a list as they stand in the policy. Returns whether there are any. */
static bool add_values(const Summarizer *s, SummaryLine *line, DirectiveId id) {
        const SettingList *list = &s->policy->settings[id];
        bool any = false;

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                if (*v->text) {
                        add_word(line, format("%s%s", v->inverted ? "~" : "", v->text));
                        any = true;
                }
        }
        add_origins(s, line, id);
        return any;
}

static void say_policy(const Summarizer *s, SummaryLine *line) {
        add_part(line, "name", "");
        add_word(line, strdup(s->plan->policy));
        if (*s->plan->description) {
                add_part(line, "description", "–");
                add_word(line, strdup(s->plan->description));
                add_origins(s, line, D_Description);
        }
}

static void say_command(const Summarizer *s, SummaryLine *line) {
        add_part(line, "executable", "");
        if (s->plan->executable)
                add_word(line, strdup(s->plan->executable));
        end_part(line);
        add_part(line, "directory", "in");
        add_word(line, strdup(s->plan->working_directory));
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

        add_fact(line, "kind", holders[plan->holder].word, holders[plan->holder].label);
        if (plan->holder == HOLDER_NONE)
                return;
        add_part(line, "unit", "");
        add_word(line, strdup(plan->holder == HOLDER_POOL ? plan->pool : plan->unit));
}

static void say_peers(const Plan *plan, SummaryLine *line) {
        add_part(line, "peers", "");
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                add_word(line, plan_peer_name(p));
                add_origin(line, p->origin);
        }
}

static void say_entrances(const Plan *plan, SummaryLine *line) {
        add_part(line, "entrances", "; servers inside are reached at");
        for (const PlanEntrance *e = plan->entrances; e < plan->entrances + plan->n_entrances; e++) {
                add_word(line, plan_entrance_name(e));
                add_origin(line, e->origin);
        }
}

static void say_grants(const Summarizer *s, SummaryLine *line) {
        add_part(line, "grants", s->plan->n_peers > 0 ? "and" : "; peers:");
        add_word(line, strdup("those of isoctl grant"));
        add_origins(s, line, D_GrantPeers);
}

static void say_network(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;

        if (!(plan->namespaces & CLONE_NEWNET))
                add_fact(line, "kind", "host", "the host's");
        else if (plan->n_peers > 0)
                add_fact(line, "kind", "peers", "only these peers:");
        else
                add_fact(line, "kind", "none", "none but a private loopback device");
        add_origins(s, line, D_PrivateNetwork);
        if (plan->n_peers > 0)
                say_peers(plan, line);
        if (plan->grant_peers)
                say_grants(s, line);
        if (plan->n_entrances > 0)
                say_entrances(plan, line);
        add_part(line, "families", "– sockets:");
        if (!add_values(s, line, D_RestrictAddressFamilies))
                add_word(line, strdup(s->policy->settings[D_RestrictAddressFamilies].n > 0 ? "none" : "all"));
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
                add_word(line, m->kind == MOUNT_BIND ? name_volume(m) : strdup(m->destination));
                if (m->origin.line > 0 || m->asker == ASKED_BY_POLICY)
                        add_origin(line, m->origin);
        }
}

static void add_places(const Summarizer *s, SummaryLine *line, const char *name, const char *label,
                       bool (*match)(const PlanMount *m)) {
        add_part(line, name, label);
        line->parts[line->n_parts - 1].brief = true;
        add_mounts(s, line, match);
        end_part(line);
}

static void say_writes(const Summarizer *s, SummaryLine *line) {
        add_places(s, line, "volumes", "volumes", is_volume);
        add_places(s, line, "grants", line->n_parts ? "; by isoctl grant" : "by isoctl grant", is_writable_grant);
        add_places(s, line, "memory", line->n_parts ? "; in memory, lost at the end:" : "in memory, lost at the end:",
                   is_memory);
        if (line->n_parts == 0)
                add_fact(line, "kind", "none", "nothing");
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

static void say_reads(const Summarizer *s, SummaryLine *line) {
        const PlanMount *root = &s->plan->mounts[0];
        const bool whole = root->source.kind != SOURCE_NONE;

        if (whole) {
                add_part(line, "root", streq(root->source.path, "/") ? "the host's" : "the root");
                add_word(line, plan_source_format(&root->source));
                add_origin(line, root->origin);
        }
        add_places(s, line, "shown", whole ? "and" : "only", whole ? is_shown_by_policy : is_shown);
        add_places(s, line, "empty", "– empty:", is_empty);
        add_places(s, line, "hidden", "– hidden:", is_hidden);
}

static void add_capabilities(SummaryLine *line, uint64_t mask) {
        for (unsigned c = 0; c < 64; c++) {
                char name[CAPABILITY_NAME_MAX];

                if (mask & UINT64_C(1) << c)
                        add_word(line, strdup(capability_name(c, name)));
        }
}

static void say_may(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;

        add_part(line, "capabilities", "");
        add_capabilities(line, plan->bounding | plan->ambient);
        end_part(line);
        if (line->n_parts == 0)
                add_fact(line, "kind", "none", "no capabilities");
        add_origins(s, line, D_CapabilityBoundingSet);
        add_origins(s, line, D_AmbientCapabilities);
        if (plan->may_mount) {
                add_fact(line, "mount", "yes", "– may mount, in namespaces");
                add_origins(s, line, D_Nesting);
        }
}

static void say_calls(const Summarizer *s, SummaryLine *line) {
        add_part(line, "filter", "");
        line->parts[0].calls = true;
        (void) add_values(s, line, D_SystemCallFilter);
        end_part(line);
}

/* Limits that the policy asks for; isorun's own bounds are details. */
static void say_limits(const Summarizer *s, SummaryLine *line) {
        const Plan *plan = s->plan;

        add_part(line, "limits", "");
        for (size_t i = 0; i < plan->n_properties; i++) {
                const PlanProperty *p = &plan->properties[i];

                for (size_t k = 0; k < p->settings->n; k++) {
                        const Setting *setting = &p->settings->items[k];

                        if (!setting->origin.file)
                                continue;
                        add_word(line, format("%s=%s%s", p->directive->name, setting->value.text,
                                              p->optional ? " (optional)" : ""));
                        add_origin(line, setting->origin);
                }
        }
        for (size_t i = 0; i < plan->n_limits; i++) {
                const Directive *d = plan->limits[i].directive;

                if (!plan->limits[i].origin.file)
                        continue;
                add_word(line, format("%s=%s", d->name, policy_get(s->policy, directive_id(d))->value.text));
                add_origin(line, plan->limits[i].origin);
        }
        end_part(line);
        if (line->n_parts == 0)
                add_fact(line, "kind", "none", "none but the caller's");
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

        add_part(line, "uid", "uid");
        add_word(line, format("%u", plan->uid));
        add_part(line, "gid", "gid");
        add_word(line, format("%u", plan->gid));
        add_part(line, "map", meaning ?: "– in a private user namespace (id inside, outside, count):");
        line->parts[line->n_parts - 1].is_told = meaning;
        if (map->n)
                add_word(line, id_map_format(map, ", "));
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
                SummaryLine *line = ARRAY_APPEND(summary.lines, summary.n_lines);

                if (line) {
                        line->key = lines[i].key;
                        lines[i].say(&s, line);
                }
                if (!line || line->failed) {
                        summary_deinit(&summary);
                        return -ENOMEM;
                }
        }
        *ret = summary;
        return 0;
}

void summary_deinit(Summary *summary) {
        for (size_t i = 0; i < summary->n_lines; i++) {
                SummaryLine *line = &summary->lines[i];

                for (size_t k = 0; k < line->n_parts; k++)
                        strv_free(line->parts[k].words);
                free(line->origins);
        }
        free(summary->lines);
        *summary = (Summary) {};
}

static void print_part(const SummaryPart *part, bool first, Text *text) {
        const size_t all = strv_length(part->words), n = part->brief && all > BRIEF_WORDS + 1 ? BRIEF_WORDS : all;

        if (!first && *part->label != ';' && *part->label != ',')
                text_add(text, " ");
        text_add(text, part->label);
        if (part->is_word || part->is_told)
                return;
        if (part->calls) {
                calls_add_brief(part->words, text);
                return;
        }
        for (size_t i = 0; i < n; i++) {
                text_add(text, i > 0 || *part->label ? " " : "");
                text_add(text, part->words[i]);
        }
        if (n < all) {
                _cleanup_free_ char *more = format(" and %zu more", all - n);

                text_add(text, more ?: "");
                text->failed |= !more;
        }
}

/* "web.conf:12,15, -p": a file's name only once if its lines follow each other. */
static void print_origins(const SummaryLine *line, Text *text) {
        for (size_t i = 0; i < line->n_origins && i < MOST_ORIGINS; i++) {
                const Origin origin = line->origins[i];
                char number[16];

                if (i > 0 && origin.line > 0 && streq(line->origins[i - 1].file, origin.file)) {
                        snprintf(number, sizeof(number), ",%u", origin.line);
                        text_add(text, number);
                        continue;
                }
                text_add(text, i == 0 ? "   # " : ", ");
                origin_add(text, origin);
        }
        text_add(text, line->n_origins > MOST_ORIGINS ? " and more" : "");
}

int summary_print(const Summary *summary, FILE *f) {
        for (size_t i = 0; i < summary->n_lines; i++) {
                const SummaryLine *line = &summary->lines[i];
                _cleanup_text_ Text text = {};
                const char *all;

                for (size_t k = 0; k < line->n_parts; k++)
                        print_part(&line->parts[k], k == 0, &text);
                print_origins(line, &text);
                all = text_so_far(&text);
                if (!all)
                        return -ENOMEM;
                fprintf(f, "%-8s ", line->key);
                escape_write(f, all);
                fputc('\n', f);
        }
        return 0;
}
