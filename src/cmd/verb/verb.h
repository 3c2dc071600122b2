/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/command-line.h"

/* A verb of isoctl. */
typedef struct Verb {
        const char *name;
        const char *help;          /* one line */
        const char *details;       /* for its --help, lines of up to 100 columns; NULL: none */
        const Option *options;     /* beside those of all verbs; NULL: none */
        const Argument *arguments;
        bool pager;                /* a pager shows what it prints */
        /* Returns an exit status. The command line has passed command_line_check(). */
        int (*run)(const CommandLine *line, Report *report);
} Verb;

static inline Syntax verb_syntax(const Verb *verb) {
        return (Syntax) { .name = verb->name, .options = verb->options, .common = isoctl_options,
                          .arguments = verb->arguments };
}

/* isoctl _complete isorun|isoctl WORD...: prints what the last WORD of a command line may be, for completions/. A line
 * is a word (with what must not be followed by a space at its end: "=", "/"), a tab, and what it means; or a tab and
 * what the shell is to complete itself: "files N" or "directories N", the word's first N characters staying as they
 * are, or "command N", the command line that begins at the Nth WORD, counted from 0. verbs ends with NULL. */
int verb_complete(const Verb *const *verbs, int argc, char *argv[]);

extern const Verb verb_build, verb_cat, verb_check, verb_enter, verb_explain, verb_export, verb_freeze, verb_grant,
        verb_import, verb_kill, verb_list, verb_logs, verb_policies, verb_revoke, verb_set_property, verb_status,
        verb_stop, verb_thaw, verb_top, verb_wait;
