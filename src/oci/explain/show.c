/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sys/mount.h>

#include "image/json.h"
#include "oci/explain/root.h"
#include "policy/value/names.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct Out {
        Bundle *bundle;
        const Spec *spec;
        const PlanPrinter *printer;
        void *userdata;
} Out;

static void section(const Out *out, const char *name) {
        out->printer->section(out->userdata, name);
}

/* An origin without a file is none. */
static void entry(const Out *out, const char *key, Origin origin, const char *fmt, ...) _printf_(4, 5);
static void entry(const Out *out, const char *key, Origin origin, const char *fmt, ...) {
        _cleanup_free_ char *value = NULL;
        va_list ap;

        va_start(ap, fmt);
        value = formatv(fmt, ap);
        va_end(ap);
        if (value)
                out->printer->entry(out->userdata, key, value, origin.file ? &origin : NULL, NULL);
        else
                out->bundle->oom = true;
}

/* Strings with a space between them, or "none". */
static void words(const Out *out, const char *key, Origin origin, char *const *list) {
        _cleanup_free_ char *value = strv_join(list, " ");

        if (value)
                entry(out, key, origin, "%s", *value ? value : "none");
        else
                out->bundle->oom = true;
}

static Origin at(const Out *out, const char *pointer) {
        return bundle_origin(out->bundle, "%s", pointer);
}

static void show_container(const Out *out) {
        const Spec *spec = out->spec;
        const char *key;
        json_t *value;

        section(out, "container");
        entry(out, "bundle", (Origin) {}, "%s", spec->bundle);
        entry(out, "version", at(out, "/ociVersion"), "%s", spec->version);
        if (spec->cgroup_path)
                entry(out, "cgroup", at(out, "/linux/cgroupsPath"), "%s", spec->cgroup_path);
        if (spec->host_name)
                entry(out, "host name", at(out, "/hostname"), "%s", spec->host_name);
        if (spec->domain_name)
                entry(out, "domain name", at(out, "/domainname"), "%s", spec->domain_name);
        json_object_foreach(spec->annotations, key, value)
                entry(out, "annotation", at(out, "/annotations"), "%s=%s", key, json_string_value(value));
        for (size_t kind = 0; kind < SPEC_HOOKS; kind++)
                for (size_t i = 0; i < spec->n_hooks[kind]; i++)
                        entry(out, "hook", bundle_origin(out->bundle, "/hooks/%s/%zu", spec_hook_names[kind], i),
                              "%s: %s", spec_hook_names[kind], spec->hooks[kind][i].path);
}

static void show_limits_of_process(const Out *out) {
        for (size_t i = 0; i < out->spec->process.n_limits; i++) {
                const SpecLimit *l = &out->spec->process.limits[i];
                const Origin origin = bundle_limit_origin(out->bundle, i);
                const char *type = spec_limit_name(l->resource);

                if (l->limit.rlim_max == RLIM_INFINITY)
                        entry(out, type, origin, l->limit.rlim_cur == RLIM_INFINITY ? "infinity" : "%ju:infinity",
                              (uintmax_t) l->limit.rlim_cur);
                else
                        entry(out, type, origin, "%ju:%ju", (uintmax_t) l->limit.rlim_cur,
                              (uintmax_t) l->limit.rlim_max);
        }
}

static void show_process(const Out *out) {
        const SpecProcess *p = &out->spec->process;

        section(out, "process");
        words(out, "command", at(out, "/process/args"), p->arguments);
        entry(out, "working directory", at(out, "/process/cwd"), "%s", p->directory);
        for (size_t i = 0; p->environment && p->environment[i]; i++)
                entry(out, "environment", bundle_origin(out->bundle, "/process/env/%zu", i), "%s",
                      p->environment[i]);
        if (p->set_umask)
                entry(out, "umask", at(out, "/process/user/umask"), "%04o", p->umask);
        if (p->set_oom_score)
                entry(out, "oom_score_adj", at(out, "/process/oomScoreAdj"), "%d", p->oom_score);
        if (p->terminal)
                entry(out, "terminal", at(out, "/process/terminal"), "yes");
        if (p->apparmor)
                entry(out, "AppArmor", at(out, "/process/apparmorProfile"), "%s", p->apparmor);
        if (p->selinux)
                entry(out, "SELinux", at(out, "/process/selinuxLabel"), "%s", p->selinux);
        show_limits_of_process(out);
}

static void show_capabilities(const Out *out, const char *set, uint64_t capabilities) {
        _cleanup_strv_free_ char **names = NULL;

        for (const NamedNumber *c = capability_names; c->name; c++) {
                char name[CAPABILITY_NAME_MAX];

                capability_write(c, name);
                if (capabilities & UINT64_C(1) << c->number && strv_push(&names, name) < 0)
                        out->bundle->oom = true;
        }
        words(out, set, bundle_origin(out->bundle, "/process/capabilities/%s", set), names);
}

static void show_namespaces(const Out *out) {
        for (size_t i = 0; i < SPEC_NAMESPACES; i++) {
                const SpecNamespace *n = &spec_namespaces[i];
                const Origin origin = bundle_namespace_origin(out->bundle, i);

                if (out->spec->joined[i])
                        entry(out, n->name, origin, "that of %s", out->spec->joined[i]);
                else
                        entry(out, n->name, origin, out->spec->new_namespaces & n->flag ? "new" : "the caller's");
        }
}

static void show_map(const Out *out, const char *key, const char *pointer, const IdMap *map) {
        _cleanup_free_ char *text = map->n > 0 ? id_map_format(map, ", ") : NULL;
        const Origin origin = at(out, pointer);

        if (map->n > 0)
                entry(out, key, origin.file ? origin : bundle_namespace_origin(out->bundle, SPEC_USER), "%s",
                      text ?: "");
}

static void show_identity(const Out *out) {
        const SpecProcess *p = &out->spec->process;
        _cleanup_strv_free_ char **groups = NULL;

        section(out, "namespaces");
        show_namespaces(out);
        section(out, "identity");
        show_map(out, "uid map", "/linux/uidMappings", bundle_uid_map(out->bundle));
        show_map(out, "gid map", "/linux/gidMappings", bundle_gid_map(out->bundle));
        entry(out, "user", at(out, "/process/user/uid"), "%u", p->uid);
        entry(out, "group", at(out, "/process/user/gid"), "%u", p->gid);
        for (size_t i = 0; i < p->n_groups; i++)
                if (strv_pushf(&groups, "%u", p->groups[i]) < 0)
                        out->bundle->oom = true;
        if (groups)
                words(out, "groups", at(out, "/process/user/additionalGids"), groups);
        show_capabilities(out, "bounding", p->bounding);
        show_capabilities(out, "effective", p->effective);
        show_capabilities(out, "permitted", p->permitted);
        show_capabilities(out, "inheritable", p->inheritable);
        show_capabilities(out, "ambient", p->ambient);
        entry(out, "no_new_privs",
              at(out, p->no_new_privileges || !out->spec->policy ? "/process/noNewPrivileges"
                                                                 : "/annotations/" SPEC_POLICY_ANNOTATION),
              "%s", bundle_gains_nothing(out->spec) ? "yes" : "no");
}

char *bundle_mount_words(const SpecMount *m) {
        static const struct {
                uint64_t attribute;
                const char *word;
        } names[] = {
                { MOUNT_ATTR_NOSUID, "nosuid" }, { MOUNT_ATTR_NODEV, "nodev" }, { MOUNT_ATTR_NOEXEC, "noexec" },
        };
        _cleanup_text_ Text text = {};

        text_add(&text, (m->set | m->all_set) & MOUNT_ATTR_RDONLY ? "read-only " : "writable ");
        text_add(&text, m->type ?: m->source);
        for (size_t k = 0; k < ELEMENTSOF(names); k++)
                if ((m->set | m->all_set) & names[k].attribute) {
                        text_add(&text, ", ");
                        text_add(&text, names[k].word);
                }
        if (m->data) {
                text_add(&text, ", ");
                text_add(&text, m->data);
        }
        return text_finish(&text);
}

static void show_mount(const Out *out, size_t i) {
        const SpecMount *m = &out->spec->mounts[i];
        _cleanup_free_ char *value = bundle_mount_words(m);

        if (value)
                entry(out, m->destination, bundle_origin(out->bundle, "/mounts/%zu", i), "%s", value);
        else
                out->bundle->oom = true;
}

static void show_root(const Out *out) {
        const Spec *spec = out->spec;

        section(out, "root");
        entry(out, "/", at(out, "/root"), "%s %s", spec->root_read_only ? "read-only" : "writable", spec->root);
        if (spec->mount_label)
                entry(out, "SELinux", at(out, "/linux/mountLabel"), "%s: of new file systems", spec->mount_label);
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (!spec->mounts[i].remount)
                        show_mount(out, i);
        for (size_t i = 0; !spec_has_own_devices(spec) && i < spec->n_devices; i++)
                entry(out, spec->devices[i].path, bundle_origin(out->bundle, "/linux/devices/%zu", i), "device");
        for (size_t i = 0; spec->read_only && spec->read_only[i]; i++)
                entry(out, spec->read_only[i], bundle_origin(out->bundle, "/linux/readonlyPaths/%zu", i),
                      "read-only");
        for (size_t i = 0; spec->masked && spec->masked[i]; i++)
                entry(out, spec->masked[i], bundle_origin(out->bundle, "/linux/maskedPaths/%zu", i), "hidden");
}

static void show_limits(const Out *out) {
        section(out, "limits");
        for (size_t i = 0; i < out->spec->n_cgroup_files; i++) {
                const SpecCgroupFile *f = &out->spec->cgroup_files[i];

                entry(out, f->file, bundle_file_origin(out->bundle, f), "%s", f->value);
        }
        if (out->spec->device_rules)
                entry(out, "devices", at(out, "/linux/resources/devices"), "a program of %zu instructions",
                      out->spec->n_device_rules);
}

static void show_rule(const Out *out, const json_t *rule, size_t i) {
        const json_t *names = json_object_get(rule, "names"), *tests = json_object_get(rule, "args");
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *value = NULL;

        for (size_t k = 0; k < json_array_size(names); k++) {
                if (k > 0)
                        text_add_char(&text, ' ');
                text_add(&text, json_string_value(json_array_get(names, k)));
        }
        if (json_array_size(tests) > 0)
                text_add(&text, ", depending on arguments");
        value = text_finish(&text);
        if (value)
                entry(out, json_text_of(rule, "action"), bundle_origin(out->bundle, "/linux/seccomp/syscalls/%zu", i),
                      "%s", value);
        else
                out->bundle->oom = true;
}

static void show_filter(const Out *out) {
        const json_t *filter = json_object_get(json_object_get(out->spec->json, "linux"), "seccomp");
        const json_t *rules = json_object_get(filter, "syscalls");

        section(out, "system calls");
        if (!out->spec->filter) {
                entry(out, "filter", (Origin) {}, "none");
                return;
        }
        entry(out, "program", at(out, "/linux/seccomp"), "%zu instructions", out->spec->n_filter);
        for (size_t i = 0; i < json_array_size(rules); i++)
                show_rule(out, json_array_get(rules, i), i);
        entry(out, "others", at(out, "/linux/seccomp/defaultAction"), "%s", json_text_of(filter, "defaultAction"));
}

/* The lines of the policy, and what they take away. Its defaults have no lines. */
static void show_policy(const Out *out) {
        const SpecPolicy *added = out->spec->policy;
        const Policy *policy = out->bundle->policy ? out->bundle->policy->source : NULL;

        if (!added || !policy)
                return;
        section(out, "policy");
        entry(out, "name", at(out, "/annotations/" SPEC_POLICY_ANNOTATION), "%s", added->name);
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                for (size_t i = 0; i < policy->settings[id].n; i++) {
                        const Setting *s = &policy->settings[id].items[i];

                        if (s->origin.file)
                                entry(out, directive_table[id].name, s->origin, "%s%s",
                                      s->value.inverted ? "~" : "", s->value.text);
                }
        entry(out, "filter", (Origin) {}, "%zu instructions, beside that of config.json", added->n_filter);
        entry(out, "Landlock", (Origin) {}, "%s",
              added->landlock->landlock_files ? "only writable mounts can be written" : "no rules for files");
        entry(out, "no_new_privs", (Origin) {}, "yes");
}

static void show_net_devices(const Out *out) {
        if (out->spec->n_net_devices > 0)
                section(out, "network devices of the host");
        for (size_t i = 0; i < out->spec->n_net_devices; i++) {
                const SpecNetDevice *d = &out->spec->net_devices[i];

                entry(out, d->name, bundle_origin(out->bundle, "/linux/netDevices/%s", d->name), "%s", d->inside);
        }
}

static void show_sysctls(const Out *out) {
        const char *key;
        json_t *value;

        if (json_object_size(out->spec->sysctls) == 0)
                return;
        section(out, "sysctls");
        json_object_foreach(out->spec->sysctls, key, value)
                entry(out, key, bundle_origin(out->bundle, "/linux/sysctl/%s", key), "%s", json_string_value(value));
}

int bundle_print(void *subject, const PlanPrinter *printer, void *userdata) {
        Bundle *bundle = subject;
        const Out out = { bundle, bundle->spec, printer, userdata };

        show_container(&out);
        show_process(&out);
        show_identity(&out);
        show_root(&out);
        show_limits(&out);
        show_filter(&out);
        show_net_devices(&out);
        show_sysctls(&out);
        show_policy(&out);
        return bundle->oom ? -ENOMEM : 0;
}

int bundle_print_root(void *subject, const PlanPrinter *printer, void *userdata) {
        Bundle *bundle = subject;
        const Out out = { bundle, bundle->spec, printer, userdata };
        _cleanup_(bundle_root_deinit) BundleRoot root = {};
        int r = bundle_root_make(bundle, &root);

        if (r >= 0)
                r = bundle_root_protect(bundle, &root);
        if (r < 0)
                return r;
        section(&out, "root");
        for (size_t i = 0; i < root.plan.n_mounts; i++)
                entry(&out, root.plan.mounts[i].destination, root.plan.mounts[i].origin, "%s", root.words[i]);
        return bundle->oom ? -ENOMEM : 0;
}
