/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/command-line.h"

/* A verb of isoctl. */
typedef struct Verb {
        const char *name;
        const char *help;          /* one line */
        const char *details;       /* for its --help, in lines of up to 100 columns; NULL: none */
        const Option *options;     /* in addition to those of all verbs; NULL: none */
        const Argument *arguments;
        bool pager;                /* at a terminal, a pager shows its output, except with --no-pager */
        /* Returns an exit status. The caller has already checked the line with command_line_check(). */
        int (*run)(const CommandLine *line, Report *report);
} Verb;

static inline Syntax verb_syntax(const Verb *verb) {
        return (Syntax) { .name = verb->name, .options = verb->options, .common = isoctl_options,
                          .arguments = verb->arguments };
}

/* isoctl _complete isorun|isoctl|isorun-oci WORD...: prints the candidates for the last WORD of a command line, for the
 * scripts in completions/. Each line has the candidate, a tab, and its description; the shell puts no space after a
 * candidate that ends with "=" or ":". A line that begins with a tab asks the shell to complete by itself: "files N" or
 * "directories N" keeps the word's first N characters, "command N" is for the command line that begins at the Nth WORD,
 * counted from 0. verbs ends with NULL. Returns an exit status. */
int verb_complete(const Verb *const *verbs, int argc, char *argv[]);

extern const Verb verb_analyze, verb_build, verb_cat, verb_check, verb_diff, verb_doctor, verb_edit, verb_embed,
        verb_enter, verb_explain, verb_export, verb_flows, verb_freeze, verb_grant, verb_image, verb_import,
        verb_inspect, verb_kill, verb_list,
        verb_logs, verb_meet, verb_new, verb_policies, verb_revoke, verb_set_property, verb_status, verb_stop,
        verb_thaw, verb_top, verb_verify, verb_wait, verb_why;
