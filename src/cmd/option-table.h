/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options and arguments of each command, as data. command_line_parse(), --help and the shells' completion use the
 * same tables. */

#include <stdbool.h>
#include <stdio.h>

/* The kind of an argument, which decides what the completion offers, and how often the argument may be given. */
typedef enum ArgumentFlags {
        ARGUMENT_ASSIGNMENT = 1 << 0, /* KEY=VALUE, a line of a policy */
        ARGUMENT_LIMIT = 1 << 1,      /* KEY=VALUE, a line of a policy's [Scope] */
        ARGUMENT_BINDING = 1 << 2,    /* NAME=SRC */
        ARGUMENT_DIRECTORY = 1 << 3,
        ARGUMENT_FILE = 1 << 4,
        ARGUMENT_INSTANCE = 1 << 5,
        ARGUMENT_POLICY = 1 << 6,
        ARGUMENT_SIGNAL = 1 << 7,
        ARGUMENT_COMMAND = 1 << 8, /* takes all following words as well */
        ARGUMENT_IMAGE = 1 << 12,  /* the name of a container image, or a file */
        ARGUMENT_CONTAINER = 1 << 13, /* the ID of a container of isorun-oci */
        ARGUMENT_ROOT = 1 << 15,   /* also image:NAME */

        ARGUMENT_WORDS = 1 << 15,  /* takes all following words as well, options of another program */

        ARGUMENT_CHOICE = 1 << 14, /* one of the choices: the usage has only these, and not the name */

        ARGUMENT_OPTIONAL = 1 << 9,
        ARGUMENT_REPEATED = 1 << 10,
        ARGUMENT_DASHES = 1 << 11, /* must have "--" before it; takes all following words as well */
} ArgumentFlags;

/* An argument of an option or of a command. */
typedef struct Argument {
        const char *name; /* its name in --help and the manual, "SRC:DEST[:ro|rw]" */
        unsigned flags;
        const char *const *choices; /* its possible values, ending with NULL; NULL: not a fixed list */
} Argument;

typedef struct Option {
        int value;        /* the letter of the short option, or a number from 0x100 on if it has none */
        const char *name; /* the long option */
        const char *help;
        Argument argument; /* empty: the option takes no argument */
        bool required;
} Option;

/* All options and arguments of a command. Both tables end with an entry without a name. Only the last argument may be
 * repeated, and only the last ones optional; one with ARGUMENT_DASHES may follow. */
typedef struct Syntax {
        const char *name;         /* of isorun, or of the verb without "isoctl" */
        const Option *options;    /* only of this command; may be NULL */
        const Option *common;     /* of all commands of the program; may be NULL */
        const Argument *arguments;
} Syntax;

/* Whether all following words belong to this argument, even if they begin with "-". */
bool argument_takes_rest(const Argument *argument);

/* Finds the argument that comes after "--". Returns next if the command has no such argument. */
const Argument *argument_behind_dashes(const Argument *next);

bool option_takes_argument(const Option *option);
bool option_is_short(const Option *option);

/* Prints the usage: "stop [--no-block] NAME...". */
void syntax_print(const Syntax *syntax, FILE *f);

/* Prints the lines of --help. options may be NULL. */
void options_print(const Option *options, FILE *f);

/* Prints "KEY=VALUE" or "all|main". Returns the number of bytes. */
int argument_print(const Argument *argument, FILE *f);

/* The values of options without a letter, of isorun and of all verbs. */
enum {
        ARG_POLICY = 0x100,
        ARG_BIND,
        ARG_ROOT,
        ARG_HERE,
        ARG_NET,
        ARG_NO_NET,
        ARG_TIMEOUT,
        ARG_NAME,
        ARG_USER,
        ARG_SYSTEM,
        ARG_NO_SCOPE,
        ARG_OWN,
        ARG_TREE,
        ARG_POOL,
        ARG_NOTIFY,
        ARG_BATCH,
        ARG_HAND_OVER,
        ARG_PTY,
        ARG_WHY,
        ARG_RECORD,
        ARG_TIGHTEN,
        ARG_PERMISSIVE,
        ARG_DRY_RUN,
        ARG_JSON,
        ARG_ONCE,
        ARG_QUIET,
        ARG_VERBOSE,
        ARG_VERSION,
        ARG_NO_PAGER,
        ARG_NO_LEGEND,
        ARG_NO_BLOCK,
        ARG_KILL_WHOM,
        ARG_KILL,
        ARG_UNIT,
        ARG_BASE,
        ARG_SYNTAX,
        ARG_FULL,
        ARG_FORCE,
        ARG_DROP_IN,
        ARG_WITHIN,
        ARG_FILTER,
        ARG_STAGE,
        ARG_THRESHOLD,
        ARG_MAX_SIZE,
        ARG_OTHER_ROOT,
        ARG_OFFLINE,
};

extern const Syntax isorun_syntax;
extern const Option isoctl_options[];
