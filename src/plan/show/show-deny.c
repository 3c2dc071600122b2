/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/show-deny.h"

#include "plan/deny/landlock.h"
#include "util/landlock.h"

static void show_calls(Output *out, const char *key, int error) {
        output_begin(out);
        for (size_t i = 0; i < out->plan->n_calls; i++)
                if (out->plan->calls[i].error == error)
                        output_add_word(out, out->plan->calls[i].name);
        output_end_words(out, key, output_origin_of(out, D_SystemCallFilter));
}

/* The smallest errno above this one that a call is answered with, or 0. */
static int next_error(const Plan *plan, int error) {
        int next = 0;

        for (size_t i = 0; i < plan->n_calls; i++)
                if (plan->calls[i].error > error && (!next || plan->calls[i].error < next))
                        next = plan->calls[i].error;
        return next;
}

/* Shows the denied calls, one entry for each errno. */
static void show_denied(Output *out) {
        for (int error = 0; (error = next_error(out->plan, error));) {
                char key[64];

                snprintf(key, sizeof(key), "answered %s", strerrorname_np(error) ?: "?");
                show_calls(out, key, error);
        }
}

static void add_argument(Text *text, const char *before, unsigned argument) {
        text_add(text, before);
        text_add_char(text, (char) ('0' + argument)); /* a call has six */
}

static void add_value(Text *text, const char *before, uint64_t value) {
        text_add(text, before);
        text_add_hex(text, value);
}

static void show_argument_rule(Output *out, const PlanArgumentRule *r) {
        static const char *const operators[] = { [ARGUMENT_EQUAL] = "==", [ARGUMENT_NOT_EQUAL] = "!=",
                                                 [ARGUMENT_LESS] = "<", [ARGUMENT_GREATER] = ">",
                                                 [ARGUMENT_MASKED_EQUAL] = "is" };
        const Origin *origin = r->reason == _DIRECTIVE_MAX ? NULL : output_origin_of(out, r->reason);
        Text *text = output_begin(out);

        text_add(text, r->error ? strerrorname_np(r->error) : "no effect");
        if (r->test == ARGUMENT_ANY) {
                text_add(text, " always");
                output_end(out, r->name, origin);
                return;
        }
        add_argument(text, " if argument ", r->argument);
        if (r->test == ARGUMENT_MASKED_EQUAL)
                add_value(text, " & ", r->mask);
        text_add_char(text, ' ');
        text_add(text, operators[r->test]);
        add_value(text, " ", r->value);
        if (r->set_argument) {
                add_argument(text, " and argument ", r->set_argument);
                text_add(text, " is set");
        } else if (r->flags) {
                add_argument(text, " and argument ", r->flags_argument);
                add_value(text, " & ", r->flags);
        }
        output_end(out, r->name, origin);
}

void show_filter(Output *out) {
        output_section(out, "system calls");
        show_calls(out, "allowed", 0);
        show_denied(out);
        output_entry(out, "others", NULL, "answered ENOSYS");
        if (out->plan->program)
                output_entry(out, "program", NULL, "%zu instructions", out->plan->n_program);
        if (out->plan->log_denials)
                output_entry(out, "denials", output_origin_of(out, D_LogDenials), "recorded in the journal");
        for (size_t i = 0; i < out->plan->n_architectures; i++)
                output_entry(out, "architecture", output_origin_of(out, D_SystemCallArchitectures),
                             "%#x, in addition to the native one",
                             out->plan->architectures[i]);
        for (size_t i = 0; i < out->plan->n_argument_rules; i++)
                show_argument_rule(out, &out->plan->argument_rules[i]);
}

void show_landlock(Output *out) {
        const Plan *plan = out->plan;

        output_section(out, "Landlock");
        if (!plan->landlock_abi)
                output_entry(out, "files", NULL,
                             "not restricted, because this kernel has no Landlock: only mounts keep files read-only");
        else if (!policy_is_true(out->policy, D_LandlockFiles))
                output_entry(out, "files", output_origin_of(out, D_LandlockFiles),
                             "not restricted: only mounts keep files read-only");
        else if (!plan->landlock_files)
                output_entry(out, "files", NULL,
                             "not restricted, because the payload may mount: only mounts keep files read-only");
        for (size_t i = 0; i < plan->n_landlock_rules; i++) {
                const PlanLandlockRule *rule = &plan->landlock_rules[i];

                output_begin(out);
                for (const LandlockRight *r = landlock_rights; r->name; r++)
                        if (rule->access & r->bit)
                                output_add_word(out, r->name);
                output_end_words(out, rule->path, NULL);
        }
        if (plan->landlock_queues)
                output_entry(out, "message queues", NULL, "READ_FILE WRITE_FILE, those of the instance");
        if (plan->landlock_scope)
                output_entry(out, "scope", NULL, "the payload cannot %ssend signals outside",
                             plan->landlock_scope & LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET ? "reach abstract sockets or "
                                                                                        : "");
        if (plan->audit_denials)
                output_entry(out, "denials", output_origin_of(out, D_LogDenials), "in the kernel's audit log");
        if (policy_is_true(out->policy, D_AbstractSockets) && !policy_is_true(out->policy, D_PrivateNetwork))
                output_entry(out, "abstract sockets", output_origin_of(out, D_AbstractSockets),
                             "the payload can reach those of the host");
}
