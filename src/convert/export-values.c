/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directives that systemd has too, and notices for those that it lacks. */
#include "convert/export-values.h"

#include <errno.h>
#include <stdio.h>

#include "convert/systemd.h"
#include "policy/value/names.h"
#include "util/escape.h"
#include "util/strv.h"
#include "util/word.h"

/* Writes text that extends to the end of the line, so without quotes. */
static void write_plain(Exporter *e, FILE *f, const Directive *d, const Setting *s) {
        if (systemd_is_share(d))
                fputs(s->value.text, f);
        else
                export_rest(e, f, s->origin, d->name, s->value.text);
}

static bool same_line(const Setting *a, const Setting *b) {
        return a->value.inverted == b->value.inverted && origin_equal(a->origin, b->origin);
}

/* The word for a value that replaces the whole list, or NULL for another value. */
static const char *whole_value(const Directive *d, const Value *v) {
        if (!v->whole)
                return NULL;
        return d->type == &type_families ? "none" : v->inverted ? "no" : "yes";
}

static int denied_error(const Exporter *e) {
        return (int) policy_get(e->policy, D_SystemCallErrorNumber)->value.number;
}

/* Whether systemd must skip the path if it is missing. It does not start a unit that lacks such a path, and makes
 * nothing in directories in memory, where nothing needs to be hidden. */
static bool may_be_missing(const Exporter *e, const Directive *d, const Setting *s) {
        const DirectiveId id = directive_id(d);

        return s->value.optional || ((id == D_InaccessiblePaths || id == D_NoExecPaths || id == D_ExecPaths) &&
                                     export_is_in_memory(e, s->value.text));
}

static void write_word(Exporter *e, FILE *f, const Directive *d, const Setting *s) {
        const char *whole = whole_value(d, &s->value);

        if (whole)
                fputs(whole, f);
        /* systemd 252 fails with 228/SECCOMP if a call names the same error as SystemCallErrorNumber=. */
        else if (d->type == &type_system_calls && s->value.number2 && (int) s->value.number == denied_error(e))
                fputs(s->value.words[0], f);
        /* systemd replaces C escapes only here. */
        else if (d->type == &type_environment || d->type == &type_unset_environment)
                word_write(f, s->value.text, WORD_PERCENT);
        else {
                fputs(may_be_missing(e, d, s) ? "-" : "", f);
                export_word(e, f, s->origin, d->name, s->value.text);
        }
}

/* Writes the items that were on the same line of the policy as the first. Returns their number. "any" is two items with
 * the same text. */
static size_t write_list_line(Exporter *e, FILE *f, const Directive *d, const Setting *first, size_t n) {
        size_t i = 0;

        fprintf(f, "%s=%s", d->name, first->value.inverted && !first->value.whole ? "~" : "");
        for (; i < n && (i == 0 || (same_line(first, first + i) && !first[i].value.whole)); i++) {
                if (i > 0 && streq(first[i].value.text, first[i - 1].value.text))
                        continue;
                fputs(i > 0 ? " " : "", f);
                write_word(e, f, d, &first[i]);
        }
        fputc('\n', f);
        return i;
}

static void write_list(Exporter *e, const Directive *d, const SettingList *list, FILE *section) {
        size_t i = 0;

        while (i < list->n) {
                const Setting *s = &list->items[i];
                FILE *f = section ?: export_stream(e, s->origin);

                if (!systemd_is_pair(d)) {
                        i += write_list_line(e, f, d, s, list->n - i);
                        continue;
                }
                fprintf(f, "%s=", d->name);
                write_plain(e, f, d, s);
                fputc('\n', f);
                i++;
        }
}

static void write_single(Exporter *e, const Directive *d, const Setting *s) {
        FILE *f = export_stream(e, s->origin);

        fprintf(f, "%s=%s", d->name, s->value.optional ? "-" : "");
        write_plain(e, f, d, s);
        fputc('\n', f);
}

/* Whether the value is isorun's default and also systemd's, so that the unit needs no line. */
static bool is_systemd_default(const Setting *s) {
        return !s->origin.file && (streq(s->value.text, "no") || streq(s->value.text, "all"));
}

static void copy(Exporter *e, const Directive *d, const SettingList *list) {
        const char *page = systemd_table[directive_id(d)].page;
        const Setting *s = &list->items[0];

        if (is_systemd_default(s))
                return;
        if (d->since > 252)
                export_lacks(e, s->origin, d->name, "it needs systemd %u: %s=%s", d->since, d->name, s->value.text);
        else if (e->user && d->cgroup_file && streq(d->cgroup_file, "bpf"))
                export_lacks(e, s->origin, d->name, "a user's systemd accepts it but does not enforce it");
        else if (d->list)
                write_list(e, d, list, streq(page, "systemd.unit(5)") ? e->unit : NULL);
        else
                write_single(e, d, policy_get(e->policy, directive_id(d)));
}

/* isorun reads the limits back from the kernel; systemd does not. */
static void say_limits(Exporter *e) {
        for (size_t i = 0; i < e->plan->n_properties; i++) {
                const PlanProperty *p = &e->plan->properties[i];

                if (p->directive->cgroup_file && !p->optional && p->directive->since <= 252)
                        export_lacks(e, p->settings->items[0].origin, p->directive->name,
                                     "systemd starts the unit even if the kernel does not enforce it");
        }
}

/* systemd needs ambient capabilities in the bounding set, too. isorun adds them by itself. */
static void write_capabilities(Exporter *e) {
        const SettingList *list = &e->policy->settings[D_CapabilityBoundingSet],
                          *ambient = &e->policy->settings[D_AmbientCapabilities];

        if (list->n == 0 || (list->n == 1 && !*list->items[0].value.text && !list->items[0].value.inverted))
                fputs("CapabilityBoundingSet=\n", e->builtin);
        else
                write_list(e, &directive_table[D_CapabilityBoundingSet], list, NULL);
        for (size_t i = 0; i < ambient->n; i++)
                if (!ambient->items[i].value.inverted && *ambient->items[i].value.text)
                        fprintf(e->asked, "CapabilityBoundingSet=%s\n", ambient->items[i].value.text);
}

static bool is_denied(const Plan *plan, const char *call) {
        for (size_t i = 0; i < plan->n_calls; i++)
                if (streq(plan->calls[i].name, call))
                        return plan->calls[i].error;
        return true;
}

/* The rule that denies the call whatever its arguments, or NULL. */
static const PlanArgumentRule *find_rule(const Plan *plan, const char *call) {
        for (size_t i = 0; i < plan->n_argument_rules; i++)
                if (plan->argument_rules[i].test == ARGUMENT_ANY && streq(plan->argument_rules[i].name, call))
                        return &plan->argument_rules[i];
        return NULL;
}

/* Collects the calls that isorun denies in addition to the policy's lines. */
static int collect_denied(const Exporter *e, char ***words) {
        static const char *const calls[] = { "io_uring_setup", "openat2", "sched_setattr" };
        const SyscallGroup *keyring = syscall_group_find("@keyring");
        int r = 0;

        for (const SyscallMember *m = keyring->members; r >= 0 && *m; m++)
                if (is_denied(e->plan, syscall_member_name(*m)))
                        r = strv_push(words, syscall_member_name(*m));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(calls); i++) {
                const PlanArgumentRule *rule = find_rule(e->plan, calls[i]);

                if (rule && rule->error == denied_error(e))
                        r = strv_push(words, calls[i]);
                else if (rule)
                        r = strv_pushf(words, "%s:%s", calls[i], strerrorname_np(rule->error));
        }
        return r;
}

static void write_denied(Exporter *e, FILE *f) {
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *joined = NULL;

        if (collect_denied(e, &words) < 0)
                e->oom = true;
        if (!words || e->oom)
                return;
        joined = strv_join(words, " ");
        if (joined)
                fprintf(f, "SystemCallFilter=~%s\n", joined);
        else
                e->oom = true;
}

static void write_filter(Exporter *e) {
        const SettingList *list = &e->policy->settings[D_SystemCallFilter];

        write_list(e, &directive_table[D_SystemCallFilter], list, NULL);
        /* This line comes last, because the first line decides about all other calls. */
        write_denied(e, list->items[0].origin.file ? e->asked : e->builtin);
}

static void write_set_credential(Exporter *e, const Setting *s) {
        FILE *f = export_stream(e, s->origin);

        /* In this text systemd replaces escapes, but not specifiers. */
        fprintf(f, "SetCredential=%s:", s->value.words[0]);
        for (const char *p = s->value.words[1]; *p; p++)
                fprintf(f, (unsigned char) *p < ' ' || *p == '\\' || *p == 0x7f ? "\\x%02x" : "%c", (unsigned char) *p);
        fputc('\n', f);
}

static void write_credentials(Exporter *e) {
        const SettingList *list = &e->policy->settings[D_SetCredential];

        for (size_t i = 0; i < list->n; i++)
                write_set_credential(e, &list->items[i]);
}

/* A user's manager can run the service only as that user, so it needs no line. */
static void write_id(Exporter *e, DirectiveId id) {
        const Setting *s = policy_get(e->policy, id);

        if (s && !e->user)
                write_single(e, &directive_table[id], s);
}

static void write_ids(Exporter *e) {
        write_id(e, D_User);
        write_id(e, D_Group);
}

/* "inherit" means the caller's files, and a service has no caller. */
static void write_standard_io(Exporter *e) {
        for (DirectiveId id = D_StandardInput; id <= D_StandardError; id++) {
                const Setting *s = policy_get(e->policy, id);

                if (s->value.number != STANDARD_IO_INHERIT)
                        write_single(e, &directive_table[id], s);
        }
}

static void say_writable_code(Exporter *e) {
        const Setting *s = policy_get(e->policy, D_MemoryDenyWriteExecute);

        if (s->value.number)
                export_lacks(e, s->origin, directive_table[D_MemoryDenyWriteExecute].name,
                             "the service can execute files that it can write (add NoExecPaths=)");
}

/* Whether the unit lacks something that this line of the policy asks for. */
static bool is_lost(const Exporter *e, DirectiveId id, const Setting *s) {
        const SystemdRow *row = &systemd_table[id];

        if (row->way != SYSTEMD_LACKING || !row->lost)
                return false;
        if ((id == D_Directory || id == D_Symlink) && export_has_empty_root(e))
                return false; /* export_mounts() writes them */
        if (id == D_Program)
                return s->origin.file && s->value.number != PROGRAM_IGNORE;
        return directive_table[id].type != &type_boolean || s->value.number;
}

void export_values(Exporter *e) {
        static void (*const written[])(Exporter *) = {
                write_ids, write_capabilities, write_filter, write_credentials, write_standard_io,
        };

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const SettingList *list = &e->policy->settings[id];
                const SystemdRow *row = &systemd_table[id];

                if (list->n > 0 && row->way == SYSTEMD_COPIED)
                        copy(e, &directive_table[id], list);
                if (list->n > 0 && is_lost(e, id, &list->items[0]))
                        export_lacks(e, list->items[0].origin, directive_table[id].name, "%s", row->lost);
        }
        for (size_t i = 0; i < ELEMENTSOF(written); i++)
                written[i](e);
        say_limits(e);
        say_writable_code(e);
}
