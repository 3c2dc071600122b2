/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/policy.h"

#include <errno.h>

#include "policy/unit-file.h"
#include "util/array.h"
#include "util/strv.h"
#include "util/text.h"

Policy *policy_new(const Specifiers *specifiers) {
        Policy *policy = calloc(1, sizeof(Policy));

        if (policy)
                policy->specifiers = *specifiers;
        return policy;
}

void setting_list_clear(SettingList *list) {
        for (size_t i = 0; i < list->n; i++)
                value_deinit(&list->items[i].value);
        free(list->items);
        *list = (SettingList) {};
}

static void stage_deinit(PolicyStage *stage) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                setting_list_clear(&stage->settings[id]);
        setting_list_clear(&stage->writable);
        free(stage->name);
}

Policy *policy_free(Policy *policy) {
        for (DirectiveId id = 0; policy && id < _DIRECTIVE_MAX; id++)
                setting_list_clear(&policy->settings[id]);
        for (size_t i = 0; policy && i < policy->n_decisions; i++) {
                free(policy->decisions[i].key);
                free(policy->decisions[i].value);
                free(policy->decisions[i].lost_value);
        }
        if (policy) {
                for (size_t i = 0; i < policy->n_stages; i++)
                        stage_deinit(&policy->stages[i]);
                free(policy->stages);
                strv_free(policy->files);
                strv_free(policy->program_files);
                free(policy->decisions);
                free(policy->claims);
        }
        free(policy);
        return NULL;
}

static int list_add(SettingList *list, bool grows, Setting setting) {
        Setting *s;

        if (!grows)
                setting_list_clear(list);

        s = ARRAY_APPEND(list->items, list->n);
        if (!s) {
                value_deinit(&setting.value);
                return -ENOMEM;
        }
        *s = setting;
        return 0;
}

static int value_copy(Value *ret, const Value *v) {
        Value copy = *v;

        copy.text = strdup(v->text);
        copy.words = strv_copy(v->words);
        copy.bitmap = v->bitmap ? malloc(v->n_bitmap) : NULL;
        if (!copy.text || (v->words && !copy.words) || (v->bitmap && !copy.bitmap)) {
                value_deinit(&copy);
                return -ENOMEM;
        }
        if (v->bitmap)
                memcpy(copy.bitmap, v->bitmap, v->n_bitmap);
        *ret = copy;
        return 0;
}

int setting_list_copy(SettingList *list, const SettingList *from, bool append) {
        int r = 0;

        if (!append)
                setting_list_clear(list);
        for (size_t i = 0; r >= 0 && i < from->n; i++) {
                Setting s = { .origin = from->items[i].origin };

                r = value_copy(&s.value, &from->items[i].value);
                if (r >= 0)
                        r = list_add(list, true, s);
        }
        return r;
}

Policy *policy_copy(const Policy *policy) {
        _cleanup_(policy_freep) Policy *copy = policy_new(&policy->specifiers);
        int r = copy ? 0 : -ENOMEM;

        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                r = setting_list_copy(&copy->settings[id], &policy->settings[id], true);
        return r < 0 ? NULL : TAKE_PTR(copy);
}

/* More would only use up time and memory: the largest useful policies have a few hundred. */
enum { VALUES_MAX = 20000 };

typedef struct Assignment {
        Policy *policy;
        SettingList *list;
        const Directive *directive;
        Origin origin;
        Report *report;
} Assignment;

static int take_value(void *userdata, const Value *value) {
        Assignment *a = userdata;

        if (a->origin.file && a->policy->n_values++ >= VALUES_MAX) {
                Value rejected = *value;

                value_deinit(&rejected);
                return report_error_at(a->report, a->origin, a->directive->name, E2BIG,
                                       "the policy has more than %d values", VALUES_MAX);
        }
        if (value->whole)
                setting_list_clear(a->list);
        return list_add(a->list, a->directive->list, (Setting) { .value = *value, .origin = a->origin });
}

static int assign_to(Policy *policy, SettingList *list, Origin origin, const Directive *d, const char *value,
                     Report *report) {
        Assignment a = { .policy = policy, .list = list, .directive = d, .origin = origin, .report = report };
        ValueParser parser = {
                .directive = d,
                .origin = origin,
                .report = report,
                .specifiers = &policy->specifiers,
                .emit = take_value,
                .userdata = &a,
        };

        return d->type->parse(&parser, value);
}

static int assign(Policy *policy, Origin origin, const Directive *d, const char *value, Report *report) {
        return assign_to(policy, &policy->settings[directive_id(d)], origin, d, value, report);
}

/* Removes the earlier claims of the line: the last one counts. */
static void forget_claims(Policy *policy, const UnitLine *line) {
        for (size_t i = 0; i < policy->n_claims; i++)
                if (policy->claims[i].line == line)
                        policy->claims[i].line = NULL;
}

/* Takes a line of a unit file. A line that asks for less than isorun does is an error, too: it would not do what it
 * says. */
static int take_unit_line(Policy *policy, const UnitLine *line, Origin origin, const char *section, const char *key,
                          const char *value, Report *report) {
        Claim *claim;

        if (line->kind == UNIT_LINE_DIRECTIVE)
                return report_error_at(report, origin, key, EBADMSG, "write %s=%s%s%s%s", line->directive, value,
                                       line->text ? " (" : "", line->text ?: "", line->text ? ")" : "");
        if (line->kind == UNIT_LINE_OTHER)
                return report_error_at(report, origin, key, EBADMSG, "not a directive of policies: %s", line->text);
        if (section && !streq(section, section_names[SECTION_SANDBOX]))
                return report_error_at(report, origin, key, EBADMSG, "belongs in section [%s], not in [%s]",
                                       section_names[SECTION_SANDBOX], section);
        forget_claims(policy, line);
        if (!*value)
                return 0;
        if (!unit_line_is_met(line, value))
                return report_error_at(report, origin, key, EBADMSG, "\"%s\" is not supported: %s", value,
                                       line->no ?: line->text);
        if (policy->n_claims >= VALUES_MAX)
                return report_error_at(report, origin, key, E2BIG, "the policy has more than %d values", VALUES_MAX);
        claim = ARRAY_APPEND(policy->claims, policy->n_claims);
        if (!claim)
                return report_oom(report);
        *claim = (Claim) { .line = line, .origin = origin };
        return 0;
}

static int unknown_key(Origin origin, const char *section, const char *key, Report *report) {
        const Directive *near = directive_find(key);

        if (near && section)
                return report_error_at(report, origin, key, EBADMSG, "belongs in section [%s], not in [%s]",
                                       section_names[near->section], section);
        near = directive_suggest(key);
        if (near)
                return report_error_at(report, origin, key, EBADMSG, "no such directive (did you mean %s=?)",
                                       near->name);
        return report_error_at(report, origin, key, EBADMSG, "no such directive");
}

static bool is_section(const char *name) {
        for (Section s = 0; s < _SECTION_MAX; s++)
                if (streq(section_names[s], name))
                        return true;
        return false;
}

#define STAGE_PREFIX "Stage."

bool stage_may_set(DirectiveId id) {
        static const DirectiveId ids[] = {
                D_SystemCallFilter,         D_SystemCallErrorNumber, D_RestrictAddressFamilies, D_RestrictNamespaces,
                D_MemoryDenyWriteExecute,   D_RestrictRealtime,      D_RestrictSUIDSGID,        D_LockPersonality,
                D_CapabilityBoundingSet,    D_InaccessiblePaths,     D_ReadOnlyPaths,           D_NoExecPaths,
                D_ExecPaths,                D_ConnectTo,
        };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                if (ids[i] == id)
                        return true;
        return false;
}

const PolicyStage *policy_find_stage(const Policy *policy, const char *name) {
        for (size_t i = 0; i < policy->n_stages; i++)
                if (streq(policy->stages[i].name, name))
                        return &policy->stages[i];
        return NULL;
}

/* More would only use up time and memory: each is checked against the policy. */
enum { STAGES_MAX = 64, STAGE_NAME_MAX = 64 };

static bool is_stage_name(const char *name) {
        return *name && strlen(name) <= STAGE_NAME_MAX &&
               !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

/* Returns 0, or -errno, reported. */
static int open_stage(Policy *policy, Origin origin, const char *name, PolicyStage **ret, Report *report) {
        PolicyStage *stage = (PolicyStage *) policy_find_stage(policy, name);

        if (!stage && !is_stage_name(name))
                return report_error_at(report, origin, NULL, EBADMSG,
                                       "not the name of a stage (letters, digits, \"_\" and \"-\"): \"%s\"", name);
        if (!stage && policy->n_stages >= STAGES_MAX)
                return report_error_at(report, origin, NULL, E2BIG, "the policy has more than %d stages", STAGES_MAX);
        if (!stage) {
                _cleanup_free_ char *copy = strdup(name);

                stage = copy ? ARRAY_APPEND(policy->stages, policy->n_stages) : NULL;
                if (!stage)
                        return report_oom(report);
                *stage = (PolicyStage) { .name = TAKE_PTR(copy), .origin = origin };
        }
        *ret = stage;
        return 0;
}

/* An empty value removes all earlier ones; of the capabilities, it is the empty set. */
static int assign_in_stage(Policy *policy, Origin origin, const char *name, const char *key, const char *value,
                           Report *report) {
        static const Directive writable = { .name = "ReadWritePaths", .list = true, .type = &type_paths };
        const bool is_writable = streq(key, writable.name);
        const Directive *d = is_writable ? &writable : directive_find(key);
        SettingList *list;
        PolicyStage *stage = NULL;
        int r;

        r = open_stage(policy, origin, name, &stage, report);
        if (r < 0)
                return r;
        if (!d || (!is_writable && !stage_may_set(directive_id(d))))
                return report_error_at(report, origin, key, EBADMSG,
                                       "not a directive of stages: a stage narrows system calls, paths, capabilities "
                                       "and peers (isorun.policy(5) lists its directives)");
        list = is_writable ? &stage->writable : &stage->settings[directive_id(d)];
        if (!is_writable)
                stage->given[directive_id(d)] = origin;
        if (!*value)
                setting_list_clear(list);
        if (!*value && d != &directive_table[D_CapabilityBoundingSet])
                return 0;
        return report_if_oom(report, assign_to(policy, list, origin, d, value, report));
}

int policy_assign(Policy *policy, Origin origin, const char *section, const char *key, const char *value,
                  Report *report) {
        const Directive *d = directive_find(key);
        const UnitLine *line = d ? NULL : unit_line_find(key);

        if (section && startswith(section, STAGE_PREFIX))
                return assign_in_stage(policy, origin, section + strlen(STAGE_PREFIX), key, value, report);
        if (section && !is_section(section))
                return report_error_at(report, origin, key, EBADMSG,
                                       "unknown section [%s]: a policy has the sections [Policy], [Scope], "
                                       "[Sandbox] and [Stage.NAME]%s", section,
                                       streq(section, "Service") ? "; isoctl import makes a policy of a service" : "");
        if (line)
                return take_unit_line(policy, line, origin, section, key, value, report);
        if (!d || (section && !streq(section_names[d->section], section)))
                return unknown_key(origin, section, key, report);

        if (!*value) {
                setting_list_clear(&policy->settings[directive_id(d)]);
                policy->settings[directive_id(d)].emptied = origin;
                return 0;
        }
        return report_if_oom(report, assign(policy, origin, d, value, report));
}

int policy_assign_argument(Policy *policy, const char *option, const char *argument, Report *report) {
        const char *equals = strchr(argument, '=');
        _cleanup_free_ char *key = NULL;
        Origin origin = { .file = option };

        if (!equals || equals == argument)
                return report_error_at(report, origin, NULL, EBADMSG, "not KEY=VALUE: \"%s\"", argument);

        key = strndup(argument, (size_t) (equals - argument));
        if (!key)
                return report_oom(report);
        if (streq(key, directive_table[D_Base].name))
                return report_error_at(report, origin, key, EBADMSG,
                                       "can be set only in a policy file, not with -p (use --policy to choose a "
                                       "policy)");
        return policy_assign(policy, origin, NULL, key, equals + 1, report);
}

typedef struct Reading {
        Policy *policy;
        Report *report;
} Reading;

static int take_assignment(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        Reading *r = userdata;

        return policy_assign(r->policy, origin, section, key, value, r->report);
}

const char *policy_file(Policy *policy, const char *file) {
        size_t n = 0;

        for (; policy->files && policy->files[n]; n++)
                if (streq(policy->files[n], file))
                        return policy->files[n];
        return strv_push(&policy->files, file) < 0 ? NULL : policy->files[n];
}

int policy_read(Policy *policy, const char *file, const char *text, size_t size, Report *report) {
        Reading reading = { .policy = policy, .report = report };

        if (strv_push(&policy->files, file) < 0)
                return report_oom(report);
        return unit_file_parse(policy->files[strv_length(policy->files) - 1], text, size, take_assignment, &reading,
                               report);
}

static int assign_fallback(Policy *policy, const Directive *d, Report *report) {
        _cleanup_free_ char *lines = strdup(d->fallback);
        int r = lines ? 0 : -ENOMEM;

        /* Not strtok_r(3): the only line may be empty. */
        for (char *line = lines, *next; r >= 0 && line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                r = assign(policy, (Origin) {}, d, line, report);
        }
        return r;
}

static int hide_for_claim(Policy *policy, const Claim *claim, Report *report) {
        int r = 0;

        for (const char *const *hidden = claim->line->hidden; r >= 0 && hidden && *hidden; hidden++) {
                _cleanup_free_ char *path = format("-%s", *hidden);

                r = path ? assign(policy, claim->origin, &directive_table[D_InaccessiblePaths], path, report) : -ENOMEM;
        }
        return r;
}

int policy_complete(Policy *policy, Report *report) {
        for (size_t i = 0; i < policy->n_claims; i++) {
                int r = policy->claims[i].line ? hide_for_claim(policy, &policy->claims[i], report) : 0;

                if (r < 0)
                        return report_if_oom(report, r);
        }
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];
                int r;

                if (policy->settings[id].n > 0 || !d->fallback)
                        continue;
                r = assign_fallback(policy, d, report);
                if (r < 0)
                        return report_if_oom(report, r);
        }
        return 0;
}

const Setting *policy_get(const Policy *policy, DirectiveId id) {
        const SettingList *list = &policy->settings[id];

        return list->n > 0 ? &list->items[list->n - 1] : NULL;
}

bool policy_is_true(const Policy *policy, DirectiveId id) {
        const Setting *s = policy_get(policy, id);

        return s && s->value.number;
}

unsigned policy_choice(const Policy *policy, DirectiveId id) {
        return (unsigned) policy_get(policy, id)->value.number;
}

static bool is_argument(const Setting *s) {
        return s && s->origin.file && s->origin.line == 0;
}

const Setting *policy_optional(const Policy *policy, DirectiveId id) {
        const SettingList *list = &policy->settings[D_Optional];
        bool argument = is_argument(policy_get(policy, id));

        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].value.number == id && (!argument || is_argument(&list->items[i])))
                        return &list->items[i];
        return NULL;
}

bool policy_has_names(const Policy *policy) {
        const SettingList *volumes = &policy->settings[D_Volume];
        const Setting *root = policy_get(policy, D_RootDirectory);
        char **layers = root && root->value.number != ROOT_IMAGE ? root->value.words : NULL;

        for (size_t i = 0; i < volumes->n; i++)
                if (volumes->items[i].value.words[0][0] != '/')
                        return true;
        for (char **layer = layers; layer && *layer; layer++)
                if ((*layer)[0] != '/' && !streq(*layer, "none"))
                        return true;
        return false;
}
