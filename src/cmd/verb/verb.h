/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/option-table.h"
#include "util/report.h"

typedef enum VerbFlags {
        VERB_COMMAND = 1 << 0, /* words behind the first that is no option belong to a command */
        VERB_PAGER = 1 << 1,   /* what it prints is shown by a pager */
} VerbFlags;

/* A verb of isoctl. argv[0] is the verb, behind it what options_take() has left. Returns an exit status. What it takes is
 * said once, in the synopsis, which the shells' completion goes by: options with all their names ("[-q|--quiet]",
 * "[-n|--lines N]"), then arguments, whose capitals say what they are (complete.c knows them). */
typedef struct Verb {
        const char *name;
        int (*run)(int argc, char *argv[], Report *report);
        const char *synopsis;
        const char *help;    /* one line */
        const char *details; /* for its --help, lines of up to 100 columns; NULL: none */
        VerbFlags flags;
        const Option *options; /* where they are too many for the synopsis; may be NULL */
} Verb;

extern const Option build_options[];

/* isoctl _complete isorun|isoctl WORD...: prints what the last WORD of a command line may be, for completions/. A line
 * is a word (with what must not be followed by a space at its end: "=", "/"), a tab, and what it means; or a tab and
 * what the shell is to complete itself: "files N" or "directories N", the word's first N characters staying as they
 * are, or "command N", the command line that begins at the Nth WORD, counted from 0. verbs ends with an empty one. */
int verb_complete(const Verb *verbs, int argc, char *argv[]);

int verb_build(int argc, char *argv[], Report *report);
int verb_cat(int argc, char *argv[], Report *report);
int verb_check(int argc, char *argv[], Report *report);
int verb_enter(int argc, char *argv[], Report *report);
int verb_explain(int argc, char *argv[], Report *report);
int verb_export(int argc, char *argv[], Report *report);
int verb_freeze(int argc, char *argv[], Report *report);
int verb_grant(int argc, char *argv[], Report *report);
int verb_import(int argc, char *argv[], Report *report);
int verb_kill(int argc, char *argv[], Report *report);
int verb_list(int argc, char *argv[], Report *report);
int verb_logs(int argc, char *argv[], Report *report);
int verb_policies(int argc, char *argv[], Report *report);
int verb_revoke(int argc, char *argv[], Report *report);
int verb_set_property(int argc, char *argv[], Report *report);
int verb_status(int argc, char *argv[], Report *report);
int verb_stop(int argc, char *argv[], Report *report);
int verb_top(int argc, char *argv[], Report *report);
int verb_wait(int argc, char *argv[], Report *report);
