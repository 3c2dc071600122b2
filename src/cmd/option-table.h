/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a command takes, as data: command_line_parse(), --help and the shells' completion all go by it. */

#include <stdbool.h>
#include <stdio.h>

/* What a word can be, which says what the completion offers for it, and how often it stands there. */
typedef enum ArgumentFlags {
        ARGUMENT_ASSIGNMENT = 1 << 0, /* KEY=VALUE of a policy */
        ARGUMENT_LIMIT = 1 << 1,      /* the same, but only of its [Scope] */
        ARGUMENT_BINDING = 1 << 2,    /* NAME=SRC */
        ARGUMENT_DIRECTORY = 1 << 3,
        ARGUMENT_FILE = 1 << 4,
        ARGUMENT_INSTANCE = 1 << 5,
        ARGUMENT_POLICY = 1 << 6,
        ARGUMENT_SIGNAL = 1 << 7,
        ARGUMENT_COMMAND = 1 << 8, /* together with all words behind it */

        ARGUMENT_OPTIONAL = 1 << 9,
        ARGUMENT_REPEATED = 1 << 10,
        ARGUMENT_DASHES = 1 << 11, /* "--" stands before it */
} ArgumentFlags;

/* A word behind an option, or one that stands by itself. */
typedef struct Argument {
        const char *name; /* how --help and the manual call it, "SRC:DEST[:ro|rw]" */
        unsigned flags;
        const char *const *choices; /* words that it can be, ending with NULL; NULL: none are known */
} Argument;

typedef struct Option {
        int value;        /* the short option, or a number from 0x100 on if it has none */
        const char *name; /* the long option */
        const char *help;
        Argument argument; /* empty: the option takes none */
        bool required;
} Option;

/* All that a command takes. Options end with one that has no name, and so do arguments. Only the last argument may be
 * optional or repeated, or behind it one with ARGUMENT_DASHES. */
typedef struct Syntax {
        const char *name;         /* of the command: "isoctl stop" without "isoctl" */
        const Option *options;    /* its own; may be NULL */
        const Option *common;     /* those of all commands of the program; may be NULL */
        const Argument *arguments;
} Syntax;

/* Whether all words from this argument on belong to it, though they may begin with "-". */
bool argument_takes_rest(const Argument *argument);
bool option_takes_argument(const Option *option);
bool option_is_short(const Option *option);

/* "stop [--no-block] NAME..." */
void syntax_print(const Syntax *syntax, FILE *f);

/* The lines of --help. options may be NULL. */
void options_print(const Option *options, FILE *f);

/* "KEY=VALUE", "all|main". Returns how many bytes that is. */
int argument_print(const Argument *argument, FILE *f);

/* The values of options without a short one, of isorun and of all verbs. */
enum {
        ARG_POLICY = 0x100,
        ARG_BIND,
        ARG_ROOT,
        ARG_NAME,
        ARG_USER,
        ARG_SYSTEM,
        ARG_NO_SCOPE,
        ARG_NOTIFY,
        ARG_HAND_OVER,
        ARG_PTY,
        ARG_DRY_RUN,
        ARG_JSON,
        ARG_QUIET,
        ARG_VERBOSE,
        ARG_VERSION,
        ARG_NO_PAGER,
        ARG_NO_LEGEND,
        ARG_NO_BLOCK,
        ARG_KILL_WHOM,
        ARG_KILL,
        ARG_UNIT,
};

extern const Syntax isorun_syntax;
extern const Option isoctl_options[];
