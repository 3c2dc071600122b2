/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/choice.h"

#include <errno.h>

#include "policy/value/value.h"
#include "util/parse.h"
#include "util/strv.h"

/* The index of a word in a list that ends with NULL, or -ENOENT. */
static int find(const char *const *words, const char *word) {
        for (int i = 0; words[i]; i++)
                if (streq(words[i], word))
                        return i;
        return -ENOENT;
}

/* Accepts one of the type's words. If "no" is one of them, accepts any spelling of a boolean. number: the word's
 * index. */
static int parse_choice(ValueParser *p, const char *text) {
        const char *const *choices = p->directive->type->choices;
        int i = find(choices, text);
        _cleanup_free_ char *all = NULL;
        bool b;

        if (i < 0 && parse_boolean(text, &b) >= 0 && find(choices, "no") >= 0)
                i = find(choices, b ? "yes" : "no");
        if (i >= 0)
                return value_emit(p, choices[i], (Value) { .number = (uint64_t) i });

        all = strv_join((char *const *) choices, ", ");
        return all ? value_error(p, "not one of %s: \"%s\"", all, text) : -ENOMEM;
}

#define WORD(id, word) [id] = word,
#define WORDS(list) (const char *const[]) { list(WORD) NULL }

const ValueType type_device_policy = { "auto|closed|strict", parse_choice, WORDS(DEVICE_POLICY_CHOICES) };
const ValueType type_oom_policy = { "continue|stop|kill", parse_choice, WORDS(OOM_POLICY_CHOICES) };
const ValueType type_kill_mode = { "control-group|mixed|process|none", parse_choice, WORDS(KILL_MODE_CHOICES) };
const ValueType type_private_users = { "self|identity|no|subordinate|full", parse_choice,
                                       WORDS(PRIVATE_USERS_CHOICES) };
const ValueType type_protect_home = { "yes|no|read-only|tmpfs", parse_choice, WORDS(PROTECT_HOME_CHOICES) };
const ValueType type_protect_proc = { "default|noaccess|invisible|ptraceable", parse_choice,
                                      WORDS(PROTECT_PROC_CHOICES) };
const ValueType type_proc_subset = { "all|pid", parse_choice, WORDS(PROC_SUBSET_CHOICES) };
const ValueType type_program = { "narrow|ignore", parse_choice, WORDS(PROGRAM_CHOICES) };
const ValueType type_log_denials = { "yes|no|audit|yes+audit", parse_choice, WORDS(LOG_DENIALS_CHOICES) };
const ValueType type_terminal = { "private|shared", parse_choice, WORDS(TERMINAL_CHOICES) };
