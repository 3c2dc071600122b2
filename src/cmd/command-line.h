/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A command line, parsed with a Syntax. All words are borrowed from argv. */

#include "cmd/option-table.h"
#include "util/report.h"

typedef struct GivenOption {
        int value;            /* Option.value */
        const char *argument; /* NULL: none */
} GivenOption;

typedef struct CommandLine {
        GivenOption *options; /* in the order of the command line */
        size_t n_options;
        char **arguments; /* without those in rest; ends with NULL */
        size_t n_arguments;
        char **rest; /* the words of an argument that takes all following words; ends with NULL */
} CommandLine;

void command_line_deinit(CommandLine *line);

/* Parses argv, whose first word is the command. Options may be anywhere before "--" and before rest. Returns 0, or,
 * reported, -EINVAL if an option is unknown or wrong, or -ENOMEM. */
int command_line_parse(CommandLine *ret, const Syntax *syntax, int argc, char *argv[], Report *report);

/* Checks that no required option or argument is missing, and that there are not too many. Returns 0 or -errno, reported
 * together with the usage. */
int command_line_check(const CommandLine *line, const Syntax *syntax, Report *report);

bool command_line_has(const CommandLine *line, int value);

/* Returns the argument of the last option with this value, or NULL. */
const char *command_line_get(const CommandLine *line, int value);
