/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options that all verbs of isoctl have. They may be before or after the verb's name. */

#include "cmd/command-line.h"

typedef enum Whose {
        WHOSE_ANY,    /* all instances that the caller can see */
        WHOSE_SYSTEM, /* those of the system's service manager */
        WHOSE_USER,   /* those of the caller's own service manager */
} Whose;

extern Whose arg_whose;
extern bool arg_pager;

/* Sets arg_whose and arg_pager from the options of a command line. */
void options_take(const CommandLine *line);
