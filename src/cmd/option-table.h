/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of a command, in one table that parses, prints and completes them. */

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

typedef struct Option {
        int value;            /* what getopt_long(3) returns: the short option, or a number from 0x100 on */
        const char *name;     /* the long option */
        const char *argument; /* what stands behind it, as complete.c and the reader know it; NULL: nothing */
        const char *help;
} Option;

enum { OPTIONS_MAX = 64 };

/* Options as getopt_long(3) wants them, parsing up to the first word that is none. Borrows the table's strings. */
typedef struct Getopt {
        struct option long_options[OPTIONS_MAX + 1];
        char short_options[2 * OPTIONS_MAX + 2];
} Getopt;

/* A table ends with an option without a name, and has OPTIONS_MAX at most. */
void options_prepare(const Option *table, Getopt *ret);

/* The lines of --help. */
void options_print(const Option *table, FILE *f);

/* Those of isorun. */
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
        ARG_NO_PAGER, /* isoctl's */
        ARG_VERSION,
};

extern const Option isorun_options[];

/* Those that isoctl has beside the verb's. */
extern const Option isoctl_options[];
