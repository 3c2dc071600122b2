/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/container/container-policy.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "oci/spec/place.h"
#include "plan/deny/landlock.h"
#include "plan/deny/program.h"
#include "plan/make.h"
#include "plan/who/capabilities.h"
#include "util/array.h"
#include "util/landlock.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

void container_policy_deinit(ContainerPolicy *p) {
        free(p->added.filter);
        strv_free(p->added.masked);
        strv_free(p->added.read_only);
        strv_free(p->added.no_exec);
        free(p->added.lines);
        plan_free(p->plan);
        loaded_deinit(&p->loaded);
        *p = (ContainerPolicy) {};
}

/* What a container gets of a policy. */
static const DirectiveId applied[] = {
        D_MemoryMax,          D_MemoryHigh,         D_MemorySwapMax,      D_TasksMax,
        D_InaccessiblePaths,  D_ReadOnlyPaths,      D_NoExecPaths,        D_PrivateNetwork,
        D_PrivateIPC,         D_AbstractSockets,    D_LandlockFiles,      D_CapabilityBoundingSet,
        D_SystemCallFilter,   D_SystemCallErrorNumber, D_SystemCallArchitectures, D_RestrictAddressFamilies,
        D_RestrictNamespaces, D_MemoryDenyWriteExecute, D_RestrictRealtime, D_RestrictSUIDSGID,
        D_LockPersonality,    D_ProtectHostname,
};

/* Lines that show the payload more, or say what it is: config.json does that for a container. */
static const DirectiveId of_config[] = {
        D_Description,      D_Base,           D_Optional,          D_ExecStart,       D_Program,
        D_RootDirectory,    D_BindLibraries,  D_BindPaths,         D_BindReadOnlyPaths, D_Volume,
        D_TemporaryFileSystem, D_File,        D_Directory,         D_Symlink,         D_SetCredential,
        D_LoadCredential,   D_GrantPaths,     D_ConnectTo,         D_GrantPeers,      D_ListenOn,
        D_WorkingDirectory, D_Environment,    D_PassEnvironment,   D_AmbientCapabilities, D_StandardInput,
        D_StandardOutput,   D_StandardError,
};

static bool is_in(DirectiveId id, const DirectiveId *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (list[i] == id)
                        return true;
        return false;
}

static bool is_applied_or_ignored(DirectiveId id) {
        const Directive *d = &directive_table[id];

        return d->order == ORDER_FREE || d->order == ORDER_KEPT || startswith(d->name, "Limit") ||
               is_in(id, applied, ELEMENTSOF(applied)) || is_in(id, of_config, ELEMENTSOF(of_config));
}

/* LogDenials= needs a process that writes the records, and isorun-oci leaves none behind. */
static void check_log(const Policy *policy, Report *report) {
        const Setting *s = policy_get(policy, D_LogDenials);

        if (s && s->origin.file && policy_choice(policy, D_LogDenials) != LOG_DENIALS_NO)
                report_notice_at(report, s->origin, "LogDenials",
                                 "isorun-oci records nothing that a container is denied");
}

/* Each line that would limit more than the container is limited. */
static int check_lines(const Policy *policy, Report *report) {
        int result = 0;

        check_log(policy, report);
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const SettingList *list = &policy->settings[id];
                const Setting *last = list->n > 0 ? &list->items[list->n - 1] : NULL;
                const char *name = directive_table[id].name;

                if (!last || !last->origin.file || is_applied_or_ignored(id))
                        continue;
                if (policy_optional(policy, id))
                        report_notice_at(report, last->origin, name, "isorun-oci cannot add this to a container");
                else
                        result = report_error_at(report, last->origin, name, EOPNOTSUPP,
                                                 "isorun-oci cannot add this to a container (Optional=%s makes this "
                                                 "a notice)", name);
        }
        return result;
}

/* "./PATH" of ReadOnlyPaths= is below the working directory of the container's first process, also for exec. */
static int copy_paths(const Policy *policy, DirectiveId id, const char *here, char ***ret, Report *report) {
        const SettingList *list = &policy->settings[id];

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;
                const char *path = v->text + strspn(v->text, "-+"), *below = startswith(path, "./");
                int r;

                if (!*path)
                        continue;
                if (streq(path, "/"))
                        return report_error_at(report, list->items[i].origin, directive_table[id].name, EOPNOTSUPP,
                                               "isorun-oci cannot add this to the root of a container");
                r = below ? strv_consume(ret, path_join(here, below)) : strv_push(ret, path);
                if (r < 0)
                        return report_oom(report);
        }
        return 0;
}

/* After copy_paths(), which has checked the items. */
static int copy_lines(const Policy *policy, SpecPolicy *ret, Report *report) {
        const SettingList *list = &policy->settings[D_ReadOnlyPaths];

        for (size_t i = 0; i < list->n; i++) {
                const Setting *s = &list->items[i];
                const bool has_path = s->value.text[strspn(s->value.text, "-+")];
                SpecPolicyLine *line = has_path ? ARRAY_APPEND(ret->lines, ret->n_lines) : NULL;

                if (line)
                        *line = (SpecPolicyLine) { s->origin, s->value.optional };
        }
        return ret->n_lines == strv_length(ret->read_only) ? 0 : report_oom(report);
}

static int make_filter(ContainerPolicy *p, Report *report) {
        int r = plan_filter(&p->plan, p->loaded.policy, &p->loaded.host, report);

        if (r < 0)
                return r;
        p->plan->source = p->loaded.policy;
        r = program_make(p->plan, &p->added.filter, &p->added.n_filter);
        p->added.allows_filter = plan_allows_call(p->plan, "seccomp");
        return r < 0 ? report_error(report, -r, "cannot make the filter of the policy: %s", strerror(-r)) : 0;
}

static int add_rule(Plan *plan, const char *path, unsigned groups) {
        PlanLandlockRule *rule = ARRAY_APPEND(plan->landlock_rules, plan->n_landlock_rules);

        if (!rule)
                return -ENOMEM;
        *rule = (PlanLandlockRule) { .path = path, .access = landlock_rights_mask(plan->landlock_abi, groups),
                                     .found_inside = true };
        return 0;
}

/* The same as for a sandbox: only writable mounts can be written, and devices only in /dev. */
static int add_file_rules(Plan *plan, const Spec *spec) {
        int r = add_rule(plan, "/", spec->root_read_only ? LANDLOCK_GROUP_READ : 0);

        if (r >= 0)
                r = add_rule(plan, "/dev", LANDLOCK_GROUP_DEVICE);
        for (size_t i = 0; r >= 0 && i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];

                if (!m->remount && !((m->set | m->all_set) & MOUNT_ATTR_RDONLY) && *m->destination == '/' &&
                    !streq(m->destination, "/dev"))
                        r = add_rule(plan, m->destination, 0);
        }
        return r;
}

static int plan_landlock(ContainerPolicy *p, const Spec *spec, Report *report) {
        Plan *plan = p->plan;

        plan->landlock_abi = p->loaded.host.landlock_abi;
        if (plan->landlock_abi >= LANDLOCK_ABI_SCOPE)
                plan->landlock_scope = LANDLOCK_SCOPE_SIGNAL;
        if (plan->landlock_abi >= LANDLOCK_ABI_SCOPE && !policy_is_true(plan->source, D_AbstractSockets))
                plan->landlock_scope |= LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
        p->added.landlock = plan;
        if (plan->landlock_abi < LANDLOCK_ABI_REFER || !policy_is_true(plan->source, D_LandlockFiles))
                return 0;
        plan->landlock_files = landlock_rights_mask(plan->landlock_abi, 0);
        return add_file_rules(plan, spec) < 0 ? report_oom(report) : 0;
}

/* A namespace that config.json shares with others becomes a new one. */
static void separate(const Policy *policy, DirectiveId id, size_t i, Spec *spec) {
        if (!policy_is_true(policy, id))
                return;
        spec->joined[i] = NULL;
        spec->new_namespaces |= spec_namespaces[i].flag;
}

static bool has_new_ipc(const Spec *spec) {
        return spec->new_namespaces & spec_namespaces[SPEC_IPC].flag && !spec->joined[SPEC_IPC];
}

/* Whether a bind mount shows shared memory or message queues of others. If config.json has a new namespace, an engine
 * may bind a /dev/shm that is the container's own. */
static int shows_others(const Spec *spec, const SpecMount *m) {
        static const char *const places[] = { "/dev/shm", "/dev/mqueue" };
        _cleanup_free_ char *absolute = path_join("/", m->destination),
                            *destination = absolute ? path_simplify(absolute) : NULL,
                            *source = m->source ? path_simplify(m->source) : NULL;
        int r = 0;

        if (m->type)
                return 0;
        if (!destination || !source)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (path_is_at_or_below(destination, places[i]) || path_is_at_or_below(places[i], destination))
                        r = r || !has_new_ipc(spec) || path_is_at_or_below(source, places[i]) ||
                            path_is_at_or_below(places[i], source);
        return r;
}

/* Before separate(). */
static int check_shared_memory(const Policy *policy, const Spec *spec, Report *report) {
        const Setting *s = policy_get(policy, D_PrivateIPC);

        for (size_t i = 0; policy_is_true(policy, D_PrivateIPC) && i < spec->n_mounts; i++) {
                int r = shows_others(spec, &spec->mounts[i]);

                if (r < 0)
                        return report_oom(report);
                if (r > 0 && policy_optional(policy, D_PrivateIPC))
                        report_notice_at(report, s ? s->origin : (Origin) {}, "PrivateIPC",
                                         "the container shares %s, which /mounts/%zu of %s binds",
                                         spec->mounts[i].destination, i, spec->file);
                else if (r > 0)
                        return report_error_at(report, s ? s->origin : (Origin) {}, "PrivateIPC", EOPNOTSUPP,
                                               "/mounts/%zu of %s binds %s, which the container would share: use a "
                                               "tmpfs there, or PrivateIPC=no in the policy %s", i, spec->file,
                                               spec->mounts[i].destination, spec->policy->name);
        }
        return 0;
}

/* A device of the host is the host's network. */
static int check_net_devices(const Policy *policy, const Spec *spec, Report *report) {
        const Setting *s = policy_get(policy, D_PrivateNetwork);

        if (spec->n_net_devices == 0 || !policy_is_true(policy, D_PrivateNetwork))
                return 0;
        return report_error_at(report, s ? s->origin : (Origin) {}, "PrivateNetwork", EOPNOTSUPP,
                               "/linux/netDevices/%s of %s gives the container a network device of the host: use "
                               "PrivateNetwork=no in the policy %s", spec->net_devices[0].name, spec->file,
                               spec->policy->name);
}

/* As the kernel reads a limit (page_counter_memparse(), kstrtoll()), but stricter: a sign, a space, and a number that
 * does not fit are errors. "max" is UINT64_MAX. */
static int read_limit(const char *text, bool memory, uint64_t *ret) {
        static const char suffixes[] = "KMGTPE";
        unsigned long long n;
        unsigned shift = 0;
        char *end;

        if (streq(text, "max")) {
                *ret = UINT64_MAX;
                return 0;
        }
        if (*text < '0' || *text > '9')
                return -EINVAL;
        errno = 0;
        n = strtoull(text, &end, 0);
        if (errno != 0)
                return -ERANGE;
        if (memory && *end) {
                const char *suffix = strchr(suffixes, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);

                shift = suffix ? 10 * (unsigned) (suffix - suffixes + 1) : 0;
                end += suffix ? 1 : 0;
        }
        if (*end)
                return -EINVAL;
        if (n > UINT64_MAX >> shift)
                return -ERANGE;
        *ret = (uint64_t) n << shift;
        return 0;
}

/* The smaller one counts. It is written as a plain number: whoever reads it next need not know the kernel's syntax. */
static int lower(const Spec *spec, SpecCgroupFile *f, const Setting *s, const Directive *d, uint64_t wanted,
                 Report *report) {
        uint64_t now;

        if (read_limit(f->value, d != &directive_table[D_TasksMax], &now) < 0)
                return report_error_at(report, s->origin, d->name, EINVAL,
                                       "isorun-oci cannot compare it with \"%s\" in %s of %s: write a number or "
                                       "\"max\" there", f->value, f->pointer, spec->file);
        if (now > wanted)
                f->policy_line = s->origin;
        free(f->value);
        f->value = format("%llu", (unsigned long long) (now < wanted ? now : wanted));
        return f->value ? 0 : report_oom(report);
}

static int limit_cgroup(const Policy *policy, DirectiveId id, Spec *spec, Report *report) {
        const Directive *d = &directive_table[id];
        const Setting *s = policy_get(policy, id);
        SpecCgroupFile *f;
        uint64_t wanted;
        bool found = false;

        if (!s || !s->origin.file || streq(s->value.text, "infinity"))
                return 0;
        if (s->value.relative && id == D_TasksMax)
                return report_error_at(report, s->origin, d->name, EOPNOTSUPP,
                                       "isorun-oci can add only a number of tasks to a container, not a share");
        wanted = s->value.number;
        if (s->value.relative)
                wanted = (uint64_t) ((long double) sysconf(_SC_PHYS_PAGES) * (long double) sysconf(_SC_PAGESIZE) *
                                     (long double) wanted / 10000);
        /* "unified" may have a file that another field has, too: the kernel takes each, and the last one counts. */
        for (size_t i = 0; i < spec->n_cgroup_files; i++) {
                int r = streq(spec->cgroup_files[i].file, d->cgroup_file)
                                ? lower(spec, &spec->cgroup_files[i], s, d, wanted, report) : 0;

                if (r < 0)
                        return r;
                found = found || streq(spec->cgroup_files[i].file, d->cgroup_file);
        }
        if (found)
                return 0;
        f = ARRAY_APPEND(spec->cgroup_files, spec->n_cgroup_files);
        if (!f)
                return report_oom(report);
        *f = (SpecCgroupFile) { .file = strdup(d->cgroup_file), .pointer = strdup("/annotations/isorun.policy"),
                                .value = format("%llu", (unsigned long long) wanted),
                                .optional = policy_optional(policy, id), .policy_line = s->origin };
        return f->value && f->file && f->pointer ? 0 : report_oom(report);
}

static int narrow(ContainerPolicy *p, Spec *spec, Report *report) {
        static const DirectiveId scope[] = { D_MemoryMax, D_MemoryHigh, D_MemorySwapMax, D_TasksMax };
        const Policy *policy = p->loaded.policy;
        const char *here = spec->process.directory;
        int r = check_lines(policy, report);

        p->added.capabilities = build_named_capabilities(policy, &p->loaded.host);
        if (r >= 0)
                r = copy_paths(policy, D_InaccessiblePaths, here, &p->added.masked, report);
        if (r >= 0)
                r = copy_paths(policy, D_ReadOnlyPaths, here, &p->added.read_only, report);
        if (r >= 0)
                r = copy_lines(policy, &p->added, report);
        if (r >= 0)
                r = copy_paths(policy, D_NoExecPaths, here, &p->added.no_exec, report);
        if (r >= 0)
                r = make_filter(p, report);
        if (r >= 0)
                r = plan_landlock(p, spec, report);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(scope); i++)
                r = limit_cgroup(policy, scope[i], spec, report);
        if (r < 0)
                return r;
        spec->policy = &p->added;
        r = check_shared_memory(policy, spec, report);
        if (r < 0)
                return r;
        r = check_net_devices(policy, spec, report);
        if (r < 0)
                return r;
        separate(policy, D_PrivateNetwork, SPEC_NETWORK, spec);
        separate(policy, D_PrivateIPC, SPEC_IPC, spec);
        return container_policy_limit(p, &spec->process, report);
}

static int apply(ContainerPolicy *p, Spec *spec, Report *report) {
        const Place top = { .value = spec->json, .file = spec->file, .text = spec->text, .report = report };
        const Place annotations = place_member(&top, "annotations"),
                    place = place_member(&annotations, SPEC_POLICY_ANNOTATION);
        const char *name = json_string_value(place.value);
        Report silent = {};
        int r;

        if (!name)
                return 0;
        if (!name_is_valid(name))
                return place_error(&place, EINVAL, "not the name of a policy: \"%s\"", name);
        r = loaded_init(&p->loaded, name, "container", NULL, &silent);
        if (r == -ENOENT)
                return place_error(&place, ENOENT, "there is no policy \"%s\" (see isoctl policies)", name);
        if (r < 0) { /* once more, for the messages */
                loaded_deinit(&p->loaded);
                (void) loaded_init(&p->loaded, name, "container", NULL, report);
                return place_error(&place, -r, "the policy \"%s\" cannot be used", name);
        }
        p->added.name = name;
        r = policy_complete(p->loaded.policy, report);
        return r < 0 ? r : narrow(p, spec, report);
}

int container_policy_apply(ContainerPolicy *p, Spec *spec, bool quiet, Report *report) {
        Report silent = {};

        if (quiet && apply(p, spec, &silent) >= 0)
                return 0;
        container_policy_deinit(p); /* it has failed: once more, for the messages */
        return apply(p, spec, report);
}

static SpecLimit *find_limit(const SpecProcess *process, int resource) {
        for (size_t i = 0; i < process->n_limits; i++)
                if (process->limits[i].resource == resource)
                        return &process->limits[i];
        return NULL;
}

int container_policy_limit(const ContainerPolicy *p, SpecProcess *process, Report *report) {
        if (!p->added.name)
                return 0;
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];
                const Setting *s = startswith(d->name, "Limit") ? policy_get(p->loaded.policy, id) : NULL;
                SpecLimit *l;

                if (!s || !s->origin.file)
                        continue;
                l = find_limit(process, d->resource);
                if (!l) {
                        l = ARRAY_APPEND(process->limits, process->n_limits);
                        if (!l)
                                return report_oom(report);
                        *l = (SpecLimit) { d->resource, { s->value.number, s->value.number2 }, s->origin };
                }
                if (l->limit.rlim_cur > s->value.number || l->limit.rlim_max > s->value.number2)
                        l->policy_line = s->origin;
                if (l->limit.rlim_cur > s->value.number)
                        l->limit.rlim_cur = s->value.number;
                if (l->limit.rlim_max > s->value.number2)
                        l->limit.rlim_max = s->value.number2;
                if (l->limit.rlim_cur > l->limit.rlim_max)
                        l->limit.rlim_cur = l->limit.rlim_max;
        }
        return 0;
}
