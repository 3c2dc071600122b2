/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A command line, read by a Syntax. It borrows all words from argv. */

#include "cmd/option-table.h"
#include "util/report.h"

typedef struct GivenOption {
        int value;            /* Option.value */
        const char *argument; /* NULL: none */
} GivenOption;

typedef struct CommandLine {
        GivenOption *options; /* in the order in which they were given */
        size_t n_options;
        char **arguments; /* but those in rest; ends with NULL, and so does rest */
        size_t n_arguments;
        char **rest; /* from the first word on of an argument that takes the rest */
} CommandLine;

void command_line_deinit(CommandLine *line);

/* argv[0] names the command. An option can stand anywhere before "--" and before rest. Returns 0; -EINVAL, said on standard
 * error, if there is an unknown option; or -ENOMEM, reported. */
int command_line_parse(CommandLine *ret, const Syntax *syntax, int argc, char *argv[], Report *report);

/* Whether all is there that must be, and no more. Returns 0 or -errno, reported together with the usage. */
int command_line_check(const CommandLine *line, const Syntax *syntax, Report *report);

bool command_line_has(const CommandLine *line, int value);

/* The argument of the last such option, or NULL. */
const char *command_line_get(const CommandLine *line, int value);
