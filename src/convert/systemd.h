/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table that compares each directive with systemd's: systemd.inc, one row each. */

#include "policy/directive.h"

typedef enum SystemdWay {
        SYSTEMD_UNKNOWN, /* no row: a mistake */
        SYSTEMD_COPIED,  /* the line means the same in a unit file */
        SYSTEMD_WRITTEN, /* code writes other lines for it */
        SYSTEMD_LACKING, /* systemd has nothing for it */
} SystemdWay;

typedef struct SystemdRow {
        const char *page;       /* the manual page that has a directive of this name; NULL: none */
        const char *difference; /* how a policy differs; NULL: it does not */
        SystemdWay way;
        const char *lost;       /* what an exported unit then lacks; NULL: nothing */
} SystemdRow;

extern const SystemdRow systemd_table[_DIRECTIVE_MAX];

/* Paths for InaccessiblePaths=, because isorun hides or replaces them in every instance that has the host's root. Ends
 * with NULL. */
extern const char *const systemd_hidden[];

/* Directories of the host that isorun shows empty, and that no directive of systemd hides. Ends with NULL. */
extern const char *const systemd_emptied[];

/* Whether a line with this key can only restrict a service, so that a policy without it is weaker. */
bool systemd_restricts(const char *key);

/* Whether the value may be a percentage. systemd does not expand specifiers in such a value. */
bool systemd_is_share(const Directive *d);

/* Whether the value is written without quotes, for example a device and a number. */
bool systemd_is_pair(const Directive *d);
