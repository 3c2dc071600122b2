/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table of what the directives are to systemd: systemd.inc, one row each. */

#include "policy/directive.h"

typedef enum SystemdWay {
        SYSTEMD_UNKNOWN, /* no row: a mistake */
        SYSTEMD_COPIED,  /* a line means the same in a unit file */
        SYSTEMD_WRITTEN, /* there is something for it, which is not the line itself */
        SYSTEMD_LACKING, /* there is nothing */
} SystemdWay;

typedef struct SystemdRow {
        const char *page;       /* the manual that has a directive of that name; NULL: none has */
        const char *difference; /* what is different in a policy; NULL: nothing */
        SystemdWay way;
        const char *lost;       /* what a unit lacks then; NULL: nothing */
} SystemdRow;

extern const SystemdRow systemd_table[_DIRECTIVE_MAX];

/* What isorun hides or replaces in every instance over the host's root, as a unit says it. Ends with NULL. */
extern const char *const systemd_hidden[];

/* Whether systemd takes a percentage, and so no specifiers. */
bool systemd_is_share(const Directive *d);

/* Whether a line is two words, which are not quoted: a device, say, and what is said of it. */
bool systemd_is_pair(const Directive *d);
