/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/notify.h"
#include "plan/show/promises.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>

#include "plan/who/namespaces.h"
#include "policy/value/names.h"
#include "util/word.h"

void promise_begin(FILE *f, const char *origin, const char *kind) {
        word_write(f, origin, 0);
        promise_text(f, kind);
}

void promise_text(FILE *f, const char *text) {
        fputc(' ', f);
        word_write(f, text, 0);
}

void promise_number(FILE *f, uint64_t number) {
        fprintf(f, " %" PRIu64, number);
}

void promise_end(FILE *f) {
        fputc('\n', f);
}

static int begin_at(FILE *f, const Origin *origin, const char *kind) {
        _cleanup_free_ char *where = origin ? origin_format(*origin) : strdup("");

        if (!where)
                return -ENOMEM;
        promise_begin(f, where, kind);
        return 0;
}

static int begin_of(FILE *f, const Plan *plan, DirectiveId id, const char *kind) {
        const Setting *s = policy_get(plan->source, id);

        return begin_at(f, s ? &s->origin : NULL, kind);
}

static void print_fact(FILE *f, const char *kind) {
        promise_begin(f, "", kind);
        promise_end(f);
}

static const char *const holders[] = { [HOLDER_SCOPE] = "scope", [HOLDER_SERVICE] = "service",
                                       [HOLDER_CGROUP] = "cgroup", [HOLDER_POOL] = "pool", [HOLDER_NONE] = "none" };

static int print_capabilities(const Plan *plan, FILE *f) {
        int r = begin_of(f, plan, D_CapabilityBoundingSet, "capabilities");

        if (r >= 0)
                fprintf(f, " %" PRIx64 " %" PRIx64 "\n", plan->bounding, plan->ambient);
        return r;
}

static int print_map(const Plan *plan, FILE *f, const char *kind, const IdMap *map) {
        _cleanup_free_ char *text = map->n ? id_map_format(map, ",") : NULL;
        int r;

        if (!map->n)
                return 0;
        r = text ? begin_of(f, plan, D_PrivateUsers, kind) : -ENOMEM;
        if (r < 0)
                return r;
        promise_text(f, text);
        promise_end(f);
        return 0;
}

static int print_maps(const Plan *plan, FILE *f) {
        const bool inner = plan->inner_uid_map.n > 0;
        int r;

        r = print_map(plan, f, inner ? "outer-uid-map" : "uid-map", &plan->uid_map);
        if (r >= 0)
                r = print_map(plan, f, inner ? "outer-gid-map" : "gid-map", &plan->gid_map);
        if (r >= 0 && inner)
                r = print_map(plan, f, "uid-map", &plan->inner_uid_map);
        return r < 0 || !inner ? r : print_map(plan, f, "gid-map", &plan->inner_gid_map);
}

static int print_identity(const Plan *plan, FILE *f) {
        const uint64_t changes = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID;
        int r = begin_of(f, plan, D_User, "user");

        if (r < 0)
                return r;
        promise_number(f, plan->uid);
        promise_number(f, plan->gid);
        promise_number(f, (plan->bounding & changes) != 0);
        promise_end(f);

        r = begin_of(f, plan, D_User, "groups");
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->n_groups; i++)
                promise_number(f, plan->groups[i]);
        for (size_t i = 0; i < plan->n_kept_groups; i++)
                promise_number(f, plan->kept_groups[i]);
        promise_end(f);
        return 0;
}

static const char *const mount_kinds[] = {
        [MOUNT_ROOT] = "root",     [MOUNT_BIND] = "bind",     [MOUNT_OVERLAY] = "overlay", [MOUNT_MERGE] = "merge",
        [MOUNT_TMPFS] = "tmpfs",   [MOUNT_GRANT] = "grant",   [MOUNT_PROC] = "proc",       [MOUNT_DEVPTS] = "devpts",
        [MOUNT_CGROUP] = "cgroup", [MOUNT_NOTIFY] = "notify", [MOUNT_FILE] = "file",       [MOUNT_COPY] = "copy",
        [MOUNT_BLOCKED] = "blocked",
};

static void print_flags(const PlanMount *m, FILE *f) {
        fprintf(f, " \"%s%s%s%s%s%s%s%s%s\"", plan_mount_is_read_only(m) ? PROMISE_READ_ONLY : "",
                m->attributes.no_exec ? PROMISE_NO_EXEC : "", m->attributes.devices ? PROMISE_DEVICES : "",
                m->attributes.recursive ? PROMISE_RECURSIVE : "",
                m->merge || m->kind == MOUNT_MERGE ? PROMISE_MERGE : "",
                m->source.kind == SOURCE_LAYERS ? PROMISE_LAYERS : "",
                m->kind == MOUNT_GRANT && m->grant_write ? PROMISE_GRANT_WRITE : "",
                m->place == PLACE_IF_THERE ? PROMISE_PERHAPS : "", plan_mount_may_vanish(m) ? PROMISE_VANISH : "");
}

static const char *options_of(const PlanMount *m) {
        const bool has = plan_mount_is_overlay(m) || m->kind == MOUNT_TMPFS || m->kind == MOUNT_PROC ||
                         m->kind == MOUNT_DEVPTS;

        return has && m->options ? m->options : "";
}

/* Its source, if a path says where it is. */
static const char *source_of(const PlanMount *m) {
        const bool shown = (m->kind == MOUNT_ROOT && !plan_mount_is_overlay(m)) || m->kind == MOUNT_BIND ||
                           m->kind == MOUNT_MERGE;

        return shown && plan_source_has_path(&m->source) ? m->source.path : "";
}

static int print_mount(const PlanMount *m, FILE *f) {
        const bool asked = m->asker != ASKED_BY_NOBODY || m->origin.file;
        int r;

        if (!mount_kinds[m->kind] || m->kind == MOUNT_DIRECTORY)
                return 0;
        r = begin_at(f, asked ? &m->origin : NULL, "mount");
        if (r < 0)
                return r;
        promise_text(f, mount_kinds[plan_mount_is_overlay(m) ? MOUNT_OVERLAY : m->kind]);
        promise_text(f, m->destination);
        print_flags(m, f);
        promise_text(f, options_of(m));
        promise_text(f, source_of(m));
        promise_end(f);
        return 0;
}

static void print_program(const struct sock_filter *program, size_t n, FILE *f) {
        fputs(program ? " " : " \"\"", f);
        for (const struct sock_filter *s = program; program && s < program + n; s++)
                fprintf(f, "%04x%02x%02x%08x", s->code, s->jt, s->jf, s->k);
}

/* The program of processes that enter, and if the payload has others, these: LogDenials=. */
static int print_filter(const Plan *plan, FILE *f) {
        struct sock_fprog logging[2] = {};
        int n = plan->log_denials ? notify_programs(plan, logging) : 0, r;

        if (n < 0)
                return n;
        r = begin_of(f, plan, D_SystemCallFilter, "filter");
        if (r >= 0) {
                promise_number(f, plan->program ? plan->n_program : 0);
                print_program(plan->program, plan->n_program, f);
                for (int i = 0; i < n; i++)
                        print_program(logging[i].filter, logging[i].len, f);
                promise_end(f);
        }
        free(logging[0].filter);
        free(logging[1].filter);
        return r;
}

static int print_landlock(const Plan *plan, FILE *f) {
        int r = 0;

        if (plan->landlock_files) {
                r = begin_of(f, plan, D_LandlockFiles, "landlock");
                if (r < 0)
                        return r;
                promise_text(f, "files");
                promise_end(f);
        }
        if (plan->landlock_scope) {
                promise_begin(f, "", "landlock");
                promise_text(f, "scope");
                promise_end(f);
        }
        return r;
}

static int print_property(const PlanProperty *p, FILE *f) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->settings->n; i++) {
                const Setting *s = &p->settings->items[i];

                r = begin_at(f, &s->origin, "property");
                if (r < 0)
                        return r;
                promise_text(f, p->directive->name);
                promise_text(f, s->value.text);
                promise_number(f, p->optional);
                promise_end(f);
        }
        return r;
}

static int print_limits(const Plan *plan, FILE *f) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_limits; i++) {
                const PlanResourceLimit *l = &plan->limits[i];

                r = begin_at(f, l->origin.file ? &l->origin : NULL, "rlimit");
                if (r < 0)
                        return r;
                promise_text(f, l->directive->name);
                promise_number(f, l->limit.rlim_cur);
                promise_number(f, l->limit.rlim_max);
                promise_end(f);
        }
        for (size_t i = 0; r >= 0 && i < plan->n_user_limits; i++) {
                promise_begin(f, "", "user-limit");
                promise_text(f, plan->user_limits[i].name);
                promise_number(f, plan->user_limits[i].value);
                promise_end(f);
        }
        if (plan->keyring)
                print_fact(f, "keyring");
        return r;
}

static void print_holder(const Plan *plan, FILE *f) {
        promise_begin(f, "", "holder");
        promise_text(f, holders[plan->holder]);
        promise_end(f);
        if (plan->may_mount)
                print_fact(f, "may-mount");
        promise_begin(f, "", "may-make");
        for (const NamedNumber *n = namespace_types; n->name; n++)
                if (build_allows_namespace(plan->source, (uint64_t) n->number))
                        promise_text(f, n->name);
        promise_end(f);
        print_fact(f, "no_new_privs");
}

int plan_print_promises(const Plan *plan, FILE *f) {
        int r = 0;

        print_holder(plan, f);
        for (size_t i = 0; r >= 0 && i < plan->n_properties; i++)
                r = print_property(&plan->properties[i], f);
        if (r >= 0)
                r = print_maps(plan, f);
        if (r >= 0)
                r = print_identity(plan, f);
        if (r >= 0)
                r = print_capabilities(plan, f);
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                r = print_mount(&plan->mounts[i], f);
        if (r >= 0)
                r = print_filter(plan, f);
        if (r >= 0)
                r = print_landlock(plan, f);
        return r < 0 ? r : print_limits(plan, f);
}
