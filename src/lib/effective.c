/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/effective.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "plan/permit/difference.h"
#include "plan/permit/read.h"
#include "plan/permit/write.h"
#include "policy/policy-load.h"
#include "policy/value/choice.h"
#include "util/array.h"
#include "util/map.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

#define ADMINISTRATORS_DIRECTORY "/etc/isorun/policies"

int effective_find(const char *program, char **ret, Report *report) {
        const char *name = path_name(program);
        _cleanup_free_ char *file = format(ADMINISTRATORS_DIRECTORY "/%s.conf", name);

        *ret = NULL;
        if (!file)
                return report_oom(report);
        if (!*name || *name == '.') /* not the name of a policy */
                return 0;
        if (faccessat(AT_FDCWD, file, F_OK, AT_EACCESS) < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG
                               ? 0
                               : report_error(report, errno, "cannot look for %s: %s", file, strerror(errno));
        *ret = strdup(name);
        return *ret ? 0 : report_oom(report);
}

bool effective_ignores_program(const Policy *policy) {
        const Setting *s = policy_get(policy, D_Program);

        return s && s->value.number == PROGRAM_IGNORE;
}

bool effective_has_root(const Policy *policy) {
        const Setting *s = policy_get(policy, D_RootDirectory);

        return s && s->value.number != ROOT_NONE && (s->value.words[1] || !streq(s->value.words[0], "/"));
}

/* The two policies, what they permit, and what both permit. */
typedef struct Sides {
        const Policy *administrator;
        Policy *program;
        bool unset[_DIRECTIVE_MAX]; /* the program's policy does not have the directive */
        bool typed; /* the policies have lines of a command line */
        Permit *of_administrator, *of_program, *both;
} Sides;

static void sides_deinit(Sides *s) {
        permit_free(s->both);
        permit_free(s->of_program);
        permit_free(s->of_administrator);
        policy_free(s->program);
}

/* Where a default of the program's policy does not compare with the administrator's value, that value counts. */
static void take_unset(Sides *s) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Facet *from = &s->of_administrator->facets[id];
                Facet *facet = &s->of_program->facets[id];

                if (s->unset[id] && from->n == 1 && facet->n == 1 && streq(from->items[0].key, facet->items[0].key) &&
                    grain_meet(&from->items[0], &facet->items[0]).clash)
                        facet->items[0] = from->items[0];
        }
}

/* What the administrator's policy makes optional stays so where the program's does not have the directive. */
static int take_optional(Sides *s) {
        const Facet *from = &s->of_administrator->facets[D_Optional];
        Facet *facet = &s->of_program->facets[D_Optional];

        for (size_t i = 0; i < from->n; i++) {
                const Grain *g = &from->items[i];

                if (!g->level || !s->unset[directive_id(directive_find(g->key))] || facet_get(facet, g->key).level)
                        continue;
                if (!facet_add(facet, g->key, g->level))
                        return -ENOMEM;
                facet->items[facet->n - 1].from = g->from;
                facet_replace_sorted(facet);
        }
        return 0;
}

static bool has_private_ids(const Policy *policy) {
        const Setting *s = policy_get(policy, D_PrivateUsers);

        return s && s->value.number == PRIVATE_USERS_FULL;
}

/* Root's payload has no capabilities, so the files of other users are closed to it. They would be open to it if the
 * program chose such a user or group, unless that is one of a private range. */
static int check_user(const Sides *s, uid_t caller, Report *report) {
        const DirectiveId id = policy_get(s->program, D_User) ? D_User : D_Group;
        const Setting *chosen = policy_get(s->program, id);
        const char *name = directive_table[id].name;

        if (caller != 0 || !chosen || policy_get(s->administrator, D_User) || policy_get(s->administrator, D_Group) ||
            has_private_ids(s->administrator) || has_private_ids(s->program))
                return 0;
        return report_error_at(report, chosen->origin, name, EINVAL,
                               "a program's own policy does not choose for root: put %s=%s into the administrator's "
                               "policy, or add -p %s=%s", name, chosen->value.text, name, chosen->value.text);
}

static int read_sides(Sides *s, Loaded *l, const EffectiveOverrides *overrides, Report *report) {
        int r;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                s->unset[id] = s->program->settings[id].n == 0;
        r = policy_complete(l->policy, report);
        if (r >= 0)
                r = policy_complete(s->program, report);
        if (r >= 0 && overrides)
                r = overrides->apply(overrides->userdata, s->program, report);
        if (r >= 0)
                r = check_user(s, l->host.uid, report);
        if (r >= 0)
                r = permit_new(&s->of_administrator, l->policy, permit_resolve, report);
        if (r >= 0)
                r = permit_new(&s->of_program, s->program, permit_resolve, report);
        if (r < 0)
                return r;
        take_unset(s);
        r = take_optional(s);
        return report_if_oom(report, r < 0 ? r : permit_meet(&s->both, s->of_administrator, s->of_program));
}

static int put_lines(Map *map, const SettingList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (!map_get(map, list->items[i].value.text) &&
                    map_put(map, list->items[i].value.text, &list->items[i]) < 0)
                        return -ENOMEM;
        return 0;
}

/* The line that decides about a directive for which neither policy has the same line. */
static const Setting *deciding_line(const Sides *s, DirectiveId id, const Value *v) {
        const Directive *d = &directive_table[id];
        const Facet *facet = &s->both->facets[d->order == ORDER_PART ? d->part_of : id];
        Grain g = facet_get(facet, facet->n == 1 ? facet->items[0].key : v->text);

        return g.from ?: g.lost;
}

static int set_origin(Policy *policy, Origin *origin, const Setting *line) {
        *origin = (Origin) {};
        if (!line || !line->origin.file)
                return 0;
        *origin = (Origin) { policy_file(policy, line->origin.file), line->origin.line };
        return origin->file ? 0 : -ENOMEM;
}

/* Gives the lines of the policy the origins that they have in the two policies. */
static int set_origins(const Sides *s, Policy *policy, DirectiveId id) {
        _cleanup_(map_deinit) Map lines = {};
        SettingList *list = &policy->settings[id];
        int r = 0;

        if (list->n == 0)
                return 0;
        r = put_lines(&lines, &s->administrator->settings[id]);
        if (r >= 0)
                r = put_lines(&lines, &s->program->settings[id]);
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const Setting *line = map_get(&lines, list->items[i].value.text);

                r = set_origin(policy, &list->items[i].origin, line ?: deciding_line(s, id, &list->items[i].value));
        }
        return r;
}

/* These say what the payload sees, and permit nothing, so no permit has them. */
static int copy_free(const Sides *s, Policy *policy, DirectiveId id, Report *report) {
        const Setting *own = policy_get(s->administrator, id);
        const Setting *line = own && own->origin.file ? own : policy_get(s->program, id);
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *value = NULL;
        Origin origin;

        if (!line || !line->origin.file)
                return 0;
        if (set_origin(policy, &origin, line) < 0 || text_open(&text) < 0)
                return report_oom(report);
        percent_write(text.f, line->value.text);
        value = text_finish(&text);
        return value ? policy_assign(policy, origin, NULL, directive_table[id].name, value, report)
                     : report_oom(report);
}

static int copy_claims(Policy *policy, const Policy *from) {
        for (size_t i = 0; i < from->n_claims; i++) {
                Claim *claim = ARRAY_APPEND(policy->claims, policy->n_claims);
                const char *file = policy_file(policy, from->claims[i].origin.file);

                if (!claim || !file)
                        return -ENOMEM;
                *claim = (Claim) { from->claims[i].line, { file, from->claims[i].origin.line } };
        }
        return 0;
}

static int copy_origin(Policy *policy, Origin *ret, Origin origin) {
        *ret = (Origin) { origin.file ? policy_file(policy, origin.file) : NULL, origin.line };
        return origin.file && !ret->file ? -ENOMEM : 0;
}

/* Adds what the side permits and both together do not. */
static int add_decisions(Policy *policy, const Permit *side, const Permit *both, PolicySide loses) {
        _cleanup_(differences_deinit) Differences lost = {};
        int r = differences_find(&lost, side, both);

        for (size_t i = 0; r >= 0 && i < lost.n; i++) {
                DifferenceRow *row = &lost.items[i];
                Decision *d = ARRAY_APPEND(policy->decisions, policy->n_decisions);

                if (!d)
                        return -ENOMEM;
                *d = (Decision) { .directive = row->directive, .key = TAKE_PTR(row->key),
                                  .value = TAKE_PTR(row->outer), .lost_value = TAKE_PTR(row->inner),
                                  .loses = loses,
                                  .decides = loses == SIDE_PROGRAM ? SIDE_ADMINISTRATOR : SIDE_PROGRAM };
                r = copy_origin(policy, &d->origin, row->second);
                if (r >= 0)
                        r = copy_origin(policy, &d->lost, row->first);
        }
        return r;
}

/* A file that both are based on counts as the administrator's. */
static int name_program_files(const Sides *s, Policy *policy) {
        for (char **file = s->program->files; file && *file; file++)
                if (!strv_contains(s->administrator->files, *file) && strv_push(&policy->program_files, *file) < 0)
                        return -ENOMEM;
        return 0;
}

static int own_origins(Policy *policy, SettingList *list) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < list->n; i++)
                r = copy_origin(policy, &list->items[i].origin, list->items[i].origin);
        return r;
}

/* The stages of the program stay as they are: with a stage, the program only gives up rights, and the kernel lets it
 * give up rights that it does not have. */
static int take_stages(const Sides *s, Policy *policy) {
        int r = 0;

        policy->stages = TAKE_PTR(s->program->stages);
        policy->n_stages = s->program->n_stages;
        s->program->n_stages = 0;
        for (PolicyStage *stage = policy->stages; r >= 0 && stage < policy->stages + policy->n_stages; stage++) {
                r = copy_origin(policy, &stage->origin, stage->origin);
                if (r >= 0)
                        r = own_origins(policy, &stage->writable);
                for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++) {
                        r = own_origins(policy, &stage->settings[id]);
                        if (r >= 0)
                                r = copy_origin(policy, &stage->given[id], stage->given[id]);
                }
        }
        return r;
}

static int explain(const Sides *s, Policy *policy) {
        int r = 0;

        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                r = set_origins(s, policy, id);
        if (r >= 0)
                r = copy_claims(policy, s->administrator);
        if (r >= 0)
                r = copy_claims(policy, s->program);
        if (r >= 0)
                r = name_program_files(s, policy);
        if (r >= 0)
                r = take_stages(s, policy);
        if (r >= 0)
                r = add_decisions(policy, s->of_program, s->both, SIDE_PROGRAM);
        return r < 0 ? r : add_decisions(policy, s->of_administrator, s->both, SIDE_ADMINISTRATOR);
}

static int make_policy(const Sides *s, Policy **ret, Report *report) {
        _cleanup_(policy_freep) Policy *policy = policy_new(&s->administrator->specifiers);
        _cleanup_free_ char *text = NULL;
        int r;

        if (!policy)
                return report_oom(report);
        r = permit_write(s->both, &text, report);
        if (r == -EINVAL)
                report_notice(report, "%sProgram=ignore leaves out the policy that the program carries%s",
                              s->typed ? "-p " : "in the administrator's policy, ",
                              s->typed ? "; -p KEY=VALUE decides for both policies" : "");
        if (r >= 0)
                r = policy_read(policy, "the effective policy", text, strlen(text), report);
        if (r >= 0)
                r = report_if_oom(report, explain(s, policy));
        if (r >= 0)
                r = copy_free(s, policy, D_Description, report);
        if (r >= 0)
                r = copy_free(s, policy, D_SystemCallErrorNumber, report);
        if (r >= 0)
                *ret = TAKE_PTR(policy);
        return r;
}

int effective_narrow(Loaded *l, Policy *program, const EffectiveOverrides *overrides, Report *report) {
        _cleanup_(sides_deinit) Sides sides = { .administrator = l->policy, .program = program, .typed = overrides };
        Policy *policy = NULL;
        int r;

        r = read_sides(&sides, l, overrides, report);
        if (r >= 0)
                r = make_policy(&sides, &policy, report);
        if (r < 0)
                return r;
        policy_free(l->policy);
        l->policy = policy;
        return 0;
}

int effective_init(Loaded *l, const Notes *notes, const char *program, Report *report) {
        _cleanup_free_ char *administrators = NULL;
        Policy *own;
        int r;

        r = effective_find(program, &administrators, report);
        if (r < 0 || !administrators)
                return r < 0 ? r : loaded_init_notes(l, notes, program, report);
        r = loaded_init_administrator(l, administrators, NULL, NULL, report);
        if (r < 0 || effective_ignores_program(l->policy))
                return r;
        own = policy_new(&l->policy->specifiers);
        r = own ? policy_load_notes(own, notes, l->search_path, report) : report_oom(report);
        if (r >= 0)
                return effective_narrow(l, own, NULL, report);
        policy_free(own);
        return r;
}
