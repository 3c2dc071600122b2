/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/show.h"

#include <errno.h>
#include <grp.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/capability.h>

#include "plan/deny/landlock.h"
#include "policy/value/names.h"
#include "util/escape.h"
#include "util/strv.h"
#include "util/text.h"

/* Where the entries go, and whether memory ran out on the way. */
typedef struct Visit {
        const Plan *plan;
        const Policy *policy;
        const PlanVisitor *visitor;
        void *userdata;
        bool oom;
} Visit;

static void section(Visit *v, const char *name) {
        v->visitor->section(v->userdata, name);
}

static void entry(Visit *v, const char *key, const Origin *origin, const char *fmt, ...) _printf_(4, 5);
static void entry(Visit *v, const char *key, const Origin *origin, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, fmt);
        text = formatv(fmt, ap);
        va_end(ap);
        if (text)
                v->visitor->entry(v->userdata, key, text, origin);
        else
                v->oom = true;
}

/* An entry whose text is written piece by piece. */
typedef struct Pieces {
        Text text;
        bool any;
} Pieces;

static bool pieces_begin(Visit *v, Pieces *p) {
        *p = (Pieces) {};
        if (text_open(&p->text) >= 0)
                return true;
        text_deinit(&p->text);
        v->oom = true;
        return false;
}

static void pieces_add(Pieces *p, const char *word) {
        fprintf(p->text.f, "%s%s", p->any ? " " : "", word);
        p->any = true;
}

static void pieces_end(Visit *v, Pieces *p, const char *key, const Origin *origin) {
        _cleanup_free_ char *text = text_finish(&p->text);

        if (text)
                v->visitor->entry(v->userdata, key, p->any ? text : "none", origin);
        else
                v->oom = true;
}

static const Origin *origin_of(const Visit *v, DirectiveId id) {
        const Setting *s = policy_get(v->policy, id);

        return s ? &s->origin : NULL;
}

static void visit_instance(Visit *v) {
        const Plan *plan = v->plan;

        section(v, "instance");
        entry(v, "name", NULL, "%s", plan->name);
        entry(v, "policy", NULL, "%s", plan->policy);
        if (*plan->description)
                entry(v, "description", origin_of(v, D_Description), "%s", plan->description);
        switch (plan->holder) {
        case HOLDER_SCOPE:
                entry(v, "held by", NULL, "%s, a transient scope of the %s manager", plan->unit,
                      plan->user_manager ? "user's" : "system's");
                break;
        case HOLDER_SERVICE:
                entry(v, "held by", NULL, "%s, the unit that isorun is the main process of", plan->unit);
                break;
        case HOLDER_CGROUP:
                entry(v, "held by", NULL, "a cgroup of its own below %s, since no systemd is reachable", plan->cgroup);
                break;
        case HOLDER_NONE:
                entry(v, "held by", NULL, "nothing: no unit and no cgroup of its own");
                break;
        }
        if (plan->machine)
                entry(v, "machine", origin_of(v, D_Register), "%s, of systemd-machined%s", plan->name,
                      plan->machine_optional ? " (optional)" : "");
        if (plan->notify_exec)
                entry(v, "ready", NULL, "once the command is executed");
        if (plan->hand_over)
                entry(v, "handed over", NULL,
                      "once the command is executed: the first process inside is then %s's main process", plan->unit);
        if (plan->inner_cgroup)
                entry(v, "cgroup inside", NULL, "begins below the limits%s",
                      plan->delegate ? ", which it shows a copy of" : "");
}

static void visit_scope(Visit *v) {
        section(v, "scope");
        for (size_t i = 0; i < v->plan->n_properties; i++) {
                const PlanProperty *p = &v->plan->properties[i];

                for (size_t k = 0; k < p->settings->n; k++)
                        entry(v, p->directive->name, &p->settings->items[k].origin, "%s%s",
                              p->settings->items[k].value.text, p->optional ? " (optional)" : "");
        }
}

static void visit_namespaces(Visit *v, const char *key, uint64_t flags) {
        Pieces p;

        if (!pieces_begin(v, &p))
                return;
        for (const NamedNumber *n = namespace_types; n->name; n++)
                if (flags & (uint64_t) n->number)
                        pieces_add(&p, n->name);
        pieces_end(v, &p, key, NULL);
}

static void visit_capabilities(Visit *v, const char *key, uint64_t mask, DirectiveId id) {
        Pieces p;

        if (!pieces_begin(v, &p))
                return;
        for (cap_value_t c = 0; c < cap_max_bits(); c++) {
                char *name = mask & UINT64_C(1) << c ? cap_to_name(c) : NULL;

                if (name)
                        pieces_add(&p, name);
                cap_free(name);
        }
        pieces_end(v, &p, key, origin_of(v, id));
}

/* Its lines as one. */
static void visit_map(Visit *v, const char *key, const char *map) {
        _cleanup_free_ char *line = strdup(map);

        for (char *c = line; c && *c; c++)
                if (*c == '\n')
                        *c = c[1] ? ',' : '\0';
        if (line)
                entry(v, key, origin_of(v, D_PrivateUsers), "%s", line);
        else
                v->oom = true;
}

static void visit_identity(Visit *v) {
        const Plan *plan = v->plan;

        section(v, "identity");
        visit_namespaces(v, "namespaces", plan->namespaces | CLONE_NEWCGROUP);
        if (plan->inner_namespaces)
                visit_namespaces(v, "inner namespaces", plan->inner_namespaces);
        if (plan->uid_map) {
                visit_map(v, "uid map", plan->uid_map);
                visit_map(v, "gid map", plan->gid_map);
        } else
                entry(v, "uid map", origin_of(v, D_PrivateUsers), "none: the host's user namespace");
        if (plan->inner_uid_map) {
                visit_map(v, "inner uid map", plan->inner_uid_map);
                visit_map(v, "inner gid map", plan->inner_gid_map);
        }
        if (plan->uid_helper)
                entry(v, "maps written by", NULL, "%s, %s", plan->uid_helper, plan->gid_helper);
        entry(v, "user", origin_of(v, D_User), "%u", plan->uid);
        entry(v, "group", origin_of(v, D_Group), "%u", plan->gid);
        visit_capabilities(v, "bounding", plan->bounding, D_CapabilityBoundingSet);
        visit_capabilities(v, "ambient", plan->ambient, D_AmbientCapabilities);
        entry(v, "no_new_privs", NULL, "yes");
}

/* What is shown of a source: its path, with the name that the policy has for it. */
static char *describe_source(const PlanMount *m) {
        _cleanup_strv_free_ char **layers = NULL;
        _cleanup_free_ char *joined = NULL;

        if (!m->source)
                return strdup("an empty directory in memory");
        for (char **l = m->lower; l && *l; l++)
                if (strv_prepend(&layers, strdup(*l)) < 0)
                        return NULL;
        if (strv_push(&layers, m->source) < 0)
                return NULL;
        joined = strv_join(layers, ":");
        if (!joined || !m->binding)
                return TAKE_PTR(joined);
        if (m->binding->fd >= 0)
                return format("%s (%s, fd %d%s)", joined, m->binding->name, m->binding->fd,
                              m->detached ? ", a detached mount" : "");
        return format("%s (%s)", joined, m->binding->name);
}

/* A place that shows something of the host. */
static void visit_source(Visit *v, const PlanMount *m, const Origin *origin) {
        _cleanup_free_ char *source = describe_source(m);

        if (!source)
                v->oom = true;
        else if (m->kind == MOUNT_OVERLAY)
                entry(v, m->destination, origin, "writable %s%s, writes stay in memory (%s)", source,
                      m->no_exec ? ", noexec" : "", m->options);
        else
                entry(v, m->destination, origin, "%s %s%s%s%s%s%s", m->read_only ? "read-only" : "writable", source,
                      m->devices ? ", devices" : "", m->no_exec ? ", noexec" : "", m->id_mapped ? ", idmapped" : "",
                      m->source && m->directory && !m->recursive ? ", without mounts below" : "",
                      m->merge ? ", with more added in memory" : "");
}

static void visit_mount(Visit *v, const PlanMount *m) {
        const char *access = m->read_only ? "read-only" : "writable";
        const Origin *origin = m->key || m->origin.file ? &m->origin : NULL;

        switch (m->kind) {
        case MOUNT_ROOT:
        case MOUNT_BIND:
        case MOUNT_OVERLAY:
                visit_source(v, m, origin);
                break;
        case MOUNT_MERGE:
                entry(v, m->destination, origin, "read-only, in memory, what %s holds and more", m->source);
                break;
        case MOUNT_TMPFS:
                if (m->grant) {
                        entry(v, m->destination, origin, "empty, for isoctl grant, %s",
                              m->grant_write ? "writable (Landlock then lets its parent be written, which is held "
                                               "read-only by the mounts alone)" : "read-only");
                        break;
                }
                entry(v, m->destination, origin, "%s, in memory (%s)%s", m->read_only ? "empty, read-only" : access,
                      m->options, m->no_exec ? ", noexec" : "");
                break;
        case MOUNT_PROC:
                entry(v, m->destination, origin, "%s, new proc%s%s", access, *m->options ? ", " : "", m->options);
                break;
        case MOUNT_DEVPTS:
                entry(v, m->destination, origin, "new devpts");
                break;
        case MOUNT_CGROUP:
                entry(v, m->destination, origin, "writable, the instance's cgroup");
                break;
        case MOUNT_NOTIFY:
                entry(v, m->destination, NULL, "read-only, in memory, with the socket %s, relayed to %s", PLAN_NOTIFY_NAME,
                      m->source);
                break;
        case MOUNT_DIRECTORY:
                entry(v, m->destination, origin, "made, mode %04o", m->mode);
                break;
        case MOUNT_SYMLINK:
                entry(v, m->destination, origin, "symlink to %s", m->source);
                break;
        case MOUNT_FILE:
                entry(v, m->destination, origin, "read-only file, %s%s", m->text ? "text of the policy" : "a copy of ",
                      m->text ? "" : m->source);
                break;
        case MOUNT_BLOCKED:
                entry(v, m->destination, origin, "inaccessible");
                break;
        }
}

static void visit_calls(Visit *v, const char *key, int error) {
        Pieces p;

        if (!pieces_begin(v, &p))
                return;
        for (size_t i = 0; i < v->plan->n_calls; i++)
                if (v->plan->calls[i].error == error)
                        pieces_add(&p, v->plan->calls[i].name);
        pieces_end(v, &p, key, origin_of(v, D_SystemCallFilter));
}

/* Each errno that some call is answered with. */
static void visit_denied(Visit *v) {
        for (int error = 1; error < 4096; error++) {
                char key[64];
                bool any = false;

                for (size_t i = 0; i < v->plan->n_calls && !any; i++)
                        any = v->plan->calls[i].error == error;
                if (!any)
                        continue;
                snprintf(key, sizeof(key), "answered %s", strerrorname_np(error) ?: "?");
                visit_calls(v, key, error);
        }
}

static void visit_argument_rule(Visit *v, const PlanArgumentRule *r) {
        static const char *const operators[] = { [ARGUMENT_EQUAL] = "==", [ARGUMENT_NOT_EQUAL] = "!=",
                                                 [ARGUMENT_LESS] = "<", [ARGUMENT_GREATER] = ">" };
        const Origin *origin = r->reason == _DIRECTIVE_MAX ? NULL : origin_of(v, r->reason);
        const char *error = strerrorname_np(r->error);
        char flags[64] = "";

        if (r->flags)
                snprintf(flags, sizeof(flags), " and argument %u & %#llx", r->flags_argument,
                         (unsigned long long) r->flags);
        if (r->test == ARGUMENT_ANY)
                entry(v, r->name, origin, "%s always", error);
        else if (r->test == ARGUMENT_MASKED_EQUAL)
                entry(v, r->name, origin, "%s if argument %u & %#llx is %#llx%s", error, r->argument,
                      (unsigned long long) r->mask, (unsigned long long) r->value, flags);
        else
                entry(v, r->name, origin, "%s if argument %u %s %#llx%s", error, r->argument, operators[r->test],
                      (unsigned long long) r->value, flags);
}

static void visit_filter(Visit *v) {
        section(v, "system calls");
        visit_calls(v, "allowed", 0);
        visit_denied(v);
        entry(v, "others", NULL, "answered ENOSYS");
        for (size_t i = 0; i < v->plan->n_architectures; i++)
                entry(v, "architecture", origin_of(v, D_SystemCallArchitectures), "%#x beside the native one",
                      v->plan->architectures[i]);
        for (size_t i = 0; i < v->plan->n_argument_rules; i++)
                visit_argument_rule(v, &v->plan->argument_rules[i]);
}

static void visit_landlock(Visit *v) {
        const Plan *plan = v->plan;

        section(v, "Landlock");
        if (!plan->landlock_abi)
                entry(v, "files", NULL, "not on this kernel: read-only is held by the mounts alone");
        else if (!plan->landlock_files)
                entry(v, "files", NULL, "not handled, for mounts must be possible inside: read-only is held by the "
                                        "mounts alone");
        for (size_t i = 0; i < plan->n_landlock_rules; i++) {
                const PlanLandlockRule *rule = &plan->landlock_rules[i];
                Pieces p;

                if (!pieces_begin(v, &p))
                        return;
                for (const LandlockRight *r = landlock_rights; r->name; r++)
                        if (rule->access & r->bit)
                                pieces_add(&p, r->name);
                pieces_end(v, &p, rule->path, NULL);
        }
        if (plan->landlock_scope)
                entry(v, "scope", NULL, "no abstract socket and no signal reaches out");
}

static void visit_standard_io(Visit *v) {
        static const DirectiveId ids[3] = { D_StandardInput, D_StandardOutput, D_StandardError };

        for (size_t i = 0; i < 3; i++)
                entry(v, directive_table[ids[i]].name, origin_of(v, ids[i]), "%s",
                      policy_get(v->policy, ids[i])->value.text);
}

static void visit_terminal(Visit *v) {
        const Setting *s = policy_get(v->policy, D_Terminal);
        const unsigned mask = v->plan->terminals;

        if (mask)
                entry(v, "Terminal", origin_of(v, D_Terminal), "private, as%s%s%s", mask & 1U << 0 ? " fd 0" : "",
                      mask & 1U << 1 ? " fd 1" : "", mask & 1U << 2 ? " fd 2" : "");
        else if (s && streq(s->value.text, "private"))
                entry(v, "Terminal", &s->origin, "private, but none of fds 0 to 2 is a terminal");
        else
                entry(v, "Terminal", origin_of(v, D_Terminal), "shared");
}

static void visit_command(Visit *v) {
        const Plan *plan = v->plan;

        section(v, "command");
        if (plan->executable)
                entry(v, "executable", NULL, "%s", plan->executable);
        for (char **a = plan->arguments; a && *a; a++)
                entry(v, "argument", NULL, "%s", *a);
        entry(v, "directory", origin_of(v, D_WorkingDirectory), "%s", plan->working_directory);
        for (char **e = plan->environment; e && *e; e++)
                entry(v, "environment", NULL, "%s", *e);
        visit_standard_io(v);
        visit_terminal(v);
        for (size_t i = 0; i < plan->n_limits; i++)
                entry(v, plan->limits[i].directive->name, &plan->limits[i].origin, "%s",
                      policy_get(v->policy, directive_id(plan->limits[i].directive))->value.text);
        if (plan->set_umask)
                entry(v, "UMask", origin_of(v, D_UMask), "%04o", plan->umask);
        if (plan->set_nice)
                entry(v, "Nice", &plan->nice_origin, "%d", plan->nice);
        if (plan->n_passed_fds)
                entry(v, "passed fds", NULL, "3 to %zu", plan->n_passed_fds + 2);
}

int plan_visit(const Plan *plan, const Policy *policy, const PlanVisitor *visitor, void *userdata) {
        Visit v = { .plan = plan, .policy = policy, .visitor = visitor, .userdata = userdata };

        visit_instance(&v);
        visit_scope(&v);
        visit_identity(&v);
        section(&v, "root");
        for (size_t i = 0; i < plan->n_mounts; i++)
                visit_mount(&v, &plan->mounts[i]);
        visit_filter(&v);
        visit_landlock(&v);
        visit_command(&v);
        return v.oom ? -ENOMEM : 0;
}

typedef struct TextPrinter {
        FILE *f;
        bool any;
} TextPrinter;

static void print_section(void *userdata, const char *name) {
        TextPrinter *p = userdata;

        fprintf(p->f, "%s%s\n", p->any ? "\n" : "", name);
        p->any = true;
}

static void print_entry(void *userdata, const char *key, const char *value, const Origin *origin) {
        _cleanup_free_ char *where = origin ? origin_format(*origin) : NULL, *shown = escape(key);
        TextPrinter *p = userdata;

        fprintf(p->f, "  %-23s ", shown ?: "?");
        escape_write(p->f, value);
        if (where) {
                fputs("   # ", p->f);
                escape_write(p->f, where);
        }
        fputc('\n', p->f);
}

int plan_print(const Plan *plan, const Policy *policy, FILE *f) {
        static const PlanVisitor visitor = { print_section, print_entry };
        TextPrinter printer = { .f = f };

        return plan_visit(plan, policy, &visitor, &printer);
}
