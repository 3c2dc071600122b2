/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The summary of a bundle: the lines that plan/show/summary.c has for a plan. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "image/json.h"
#include "oci/explain/root.h"
#include "plan/show/summary-line.h"
#include "policy/value/names.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Summarizer {
        Bundle *bundle;
        const Spec *spec;
        const BundleRoot *root; /* with the places that are protected */
} Summarizer;

static void add_origin(const Summarizer *s, SummaryLine *line, const char *pointer) {
        summary_add_origin(line, bundle_origin(s->bundle, "%s", pointer));
}

static void add_copy(SummaryLine *line, const char *word) {
        summary_add_word(line, strdup(word));
}

static void say_bundle(const Summarizer *s, SummaryLine *line) {
        summary_add_part(line, "path", "");
        add_copy(line, s->spec->bundle);
        if (!s->spec->policy)
                return;
        summary_add_part(line, "policy", "– narrowed by the policy");
        add_copy(line, s->spec->policy->name);
        add_origin(s, line, "/annotations/" SPEC_POLICY_ANNOTATION);
}

static void say_command(const Summarizer *s, SummaryLine *line) {
        const SpecProcess *p = &s->spec->process;

        summary_add_part(line, "arguments", "");
        for (char **a = p->arguments; *a; a++)
                add_copy(line, *a);
        add_origin(s, line, "/process/args");
        summary_add_part(line, "directory", "in");
        add_copy(line, p->directory);
        add_origin(s, line, "/process/cwd");
}

static void say_holder(const Summarizer *s, SummaryLine *line) {
        summary_add_fact(line, "kind", "cgroup", s->spec->cgroup_path ? "the cgroup or scope" : "a cgroup or scope");
        if (!s->spec->cgroup_path)
                return;
        summary_add_part(line, "unit", "");
        add_copy(line, s->spec->cgroup_path);
        add_origin(s, line, "/linux/cgroupsPath");
}

static void say_network(const Summarizer *s, SummaryLine *line) {
        const char *joined = s->spec->joined[SPEC_NETWORK];

        if (joined) {
                summary_add_fact(line, "kind", "joined", "that of");
                summary_add_part(line, "namespace", "");
                add_copy(line, joined);
        } else if (s->spec->new_namespaces & CLONE_NEWNET)
                summary_add_fact(line, "kind", "own", "its own, which the engine sets up");
        else
                summary_add_fact(line, "kind", "host", "the caller's");
        summary_add_origin(line, bundle_namespace_origin(s->bundle, SPEC_NETWORK));
}

static bool is_volume(const PlanMount *m) {
        return (m->kind == MOUNT_BIND || m->kind == MOUNT_ROOT) && !m->attributes.read_only && !m->source.device;
}

static bool is_memory(const PlanMount *m) {
        return m->kind == MOUNT_TMPFS && !m->attributes.read_only;
}

static bool is_shown(const PlanMount *m) {
        return m->kind == MOUNT_BIND && m->attributes.read_only;
}

/* Adds the places that match, each with its source if that has another path, to the last part. Ends it. */
static void add_mounts(const Summarizer *s, SummaryLine *line, bool (*match)(const PlanMount *m)) {
        for (size_t i = 0; i < s->root->plan.n_mounts; i++) {
                const PlanMount *m = &s->root->plan.mounts[i];

                if (!match(m))
                        continue;
                if (m->source.path && !streq(m->source.path, m->destination))
                        summary_add_word(line, format("%s (%s)", m->destination, m->source.path));
                else
                        add_copy(line, m->destination);
                summary_add_origin(line, m->origin);
        }
        summary_end_part(line);
}

static void say_writes(const Summarizer *s, SummaryLine *line) {
        summary_add_places(line, "volumes", "volumes");
        add_mounts(s, line, is_volume);
        summary_add_memory(line);
        add_mounts(s, line, is_memory);
        summary_add_none(line, "nothing");
}

static void say_reads(const Summarizer *s, SummaryLine *line) {
        const BundleRoot *root = s->root;

        summary_add_part(line, "root", "the root");
        add_copy(line, s->spec->root);
        add_origin(s, line, "/root/path");
        summary_add_places(line, "shown", "and");
        add_mounts(s, line, is_shown);
        summary_add_places(line, "hidden", "– hidden:");
        for (size_t i = 0; i < root->plan.n_mounts; i++)
                if (streq(root->words[i], BUNDLE_HIDDEN)) {
                        add_copy(line, root->plan.mounts[i].destination);
                        summary_add_origin(line, root->plan.mounts[i].origin);
                }
        summary_end_part(line);
}

static void say_may(const Summarizer *s, SummaryLine *line) {
        const uint64_t capabilities = bundle_capabilities(s->spec);

        summary_add_part(line, "capabilities", "");
        for (const NamedNumber *c = capability_names; c->name; c++) {
                char name[CAPABILITY_NAME_MAX];

                if (!(capabilities & UINT64_C(1) << c->number))
                        continue;
                capability_write(c, name);
                add_copy(line, name);
        }
        summary_end_part(line);
        summary_add_none(line, "no capabilities");
        add_origin(s, line, "/process/capabilities");
        if (s->spec->policy)
                summary_add_origin(line, bundle_capabilities_line(s->bundle));
        if (!bundle_gains_nothing(s->spec))
                summary_add_fact(line, "privileges", "yes", "– files with set-user-ID or capabilities may add more");
}

static void say_calls(const Summarizer *s, SummaryLine *line) {
        const json_t *filter = json_object_get(json_object_get(s->spec->json, "linux"), "seccomp");
        const json_t *rules = json_object_get(filter, "syscalls");
        size_t n = 0;

        for (size_t i = 0; i < json_array_size(rules); i++)
                n += json_array_size(json_object_get(json_array_get(rules, i), "names"));
        if (s->spec->filter) {
                summary_add_part(line, "others", "");
                add_copy(line, json_text_of(filter, "defaultAction") ?: "");
                add_origin(s, line, "/linux/seccomp/defaultAction");
                summary_add_part(line, "rules", "but for the calls of its rules:");
                summary_add_word(line, format("%zu", n));
        } else
                summary_add_fact(line, "kind", "none", "no filter");
        if (s->spec->policy)
                summary_add_fact(line, "policy", "yes", "– and the filter of the policy");
}

static void say_limits(const Summarizer *s, SummaryLine *line) {
        const Spec *spec = s->spec;

        summary_add_part(line, "limits", "");
        for (size_t i = 0; i < spec->n_cgroup_files; i++) {
                summary_add_word(line, format("%s=%s", spec->cgroup_files[i].file, spec->cgroup_files[i].value));
                summary_add_origin(line, bundle_file_origin(s->bundle, &spec->cgroup_files[i]));
        }
        for (size_t i = 0; i < spec->process.n_limits; i++) {
                const SpecLimit *l = &spec->process.limits[i];

                summary_add_word(line, l->limit.rlim_cur == RLIM_INFINITY
                                               ? format("%s=infinity", spec_limit_name(l->resource))
                                               : format("%s=%ju", spec_limit_name(l->resource),
                                                        (uintmax_t) l->limit.rlim_cur));
                summary_add_origin(line, bundle_limit_origin(s->bundle, i));
        }
        summary_end_part(line);
        summary_add_none(line, "none but the caller's");
}

static void say_map(const Summarizer *s, SummaryLine *line) {
        const char *joined = s->spec->joined[SPEC_USER];
        const IdMap *map = bundle_uid_map(s->bundle);

        if (joined) {
                summary_add_part(line, "namespace", "– in the user namespace of");
                add_copy(line, joined);
                summary_add_origin(line, bundle_namespace_origin(s->bundle, SPEC_USER));
        }
        if (joined && !map->n)
                return;
        summary_add_part(line, "map", !map->n ? "– in the caller's user namespace" :
                                      joined  ? "with the map (id inside, outside, count):" :
                                                "– in a user namespace (id inside, outside, count):");
        line->parts[line->n_parts - 1].is_told = map->n == 0;
        if (map->n)
                summary_add_word(line, id_map_format(map, ", "));
        add_origin(s, line, "/linux/uidMappings");
}

static void say_users(const Summarizer *s, SummaryLine *line) {
        const SpecProcess *p = &s->spec->process;

        summary_add_ids(line, p->uid, p->gid);
        add_origin(s, line, "/process/user");
        say_map(s, line);
}

static int summarize(const Summarizer *s, Summary *ret) {
        static const struct {
                const char *key;
                void (*say)(const Summarizer *s, SummaryLine *line);
        } lines[] = {
                { "bundle", say_bundle },   { "command", say_command }, { "held by", say_holder },
                { "network", say_network }, { "writes", say_writes },   { "reads", say_reads },
                { "may", say_may },         { "calls", say_calls },     { "limits", say_limits },
                { "users", say_users },
        };
        Summary summary = {};

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                SummaryLine *line = summary_add_line(&summary, lines[i].key);

                if (line)
                        lines[i].say(s, line);
                if (!line || line->failed || s->bundle->oom) {
                        summary_deinit(&summary);
                        return -ENOMEM;
                }
        }
        *ret = summary;
        return 0;
}

int bundle_summarize(void *subject, Summary *ret) {
        Bundle *bundle = subject;
        _cleanup_(bundle_root_deinit) BundleRoot root = {};
        int r = bundle_root_make(bundle, &root);

        if (r >= 0)
                r = bundle_root_protect(bundle, &root);
        return r < 0 ? r : summarize(&(Summarizer) { bundle, bundle->spec, &root }, ret);
}
