/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options that all verbs of isoctl have, before or behind the verb's name. */

#include "cmd/command-line.h"

typedef enum Whose {
        WHOSE_ANY,    /* all that are seen */
        WHOSE_SYSTEM, /* the system manager's */
        WHOSE_USER,   /* the manager's of the user who asks */
} Whose;

extern Whose arg_whose;
extern bool arg_pager;

/* Sets the variables above by the options of a command line. */
void options_take(const CommandLine *line);
