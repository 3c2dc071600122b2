/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every verb of isoctl is told alike, before or behind its name. */

#include <stdbool.h>

typedef enum Whose {
        WHOSE_ANY,    /* all that are seen */
        WHOSE_SYSTEM, /* the system manager's */
        WHOSE_USER,   /* the manager's of the user who asks */
} Whose;

extern Whose arg_whose;
extern bool arg_pager;

/* Takes those options out of argv, behind argv[0] and before "--"; leading: only before the first word that is none.
 * Returns 1 where help is asked for, else 0. */
int options_take(int *argc, char *argv[], bool leading);
