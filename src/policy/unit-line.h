/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lines of systemd's unit files for which a policy has no directive, and what isorun does instead: the table is in
 * unit-line.c. A policy accepts a line if isorun is always at least as strict. isoctl import uses the same table. */

#include <stdbool.h>

typedef enum UnitLineKind {
        UNIT_LINE_ALWAYS,    /* isorun does this in every instance, except where conditions says */
        UNIT_LINE_DIRECTIVE, /* a directive of another name does it */
        UNIT_LINE_OTHER,     /* a policy cannot have it; text says what to do */
} UnitLineKind;

/* What makes an instance weaker than the line. */
typedef enum UnitLineCondition {
        UNIT_LINE_PROC = 1 << 0,          /* /proc is writable, or the payload can mount another */
        UNIT_LINE_SYS = 1 << 1,           /* a part of /sys is shown writable */
        UNIT_LINE_DEVICES = 1 << 2,       /* devices of the host are shown */
        UNIT_LINE_IPC = 1 << 3,           /* the host's IPC namespace is used */
        UNIT_LINE_WRITABLE_ROOT = 1 << 4, /* isoctl build */
} UnitLineCondition;

/* The loader writes to each pointer, so a row has few: lists end with NULL, and NULL is an empty one. */
typedef struct UnitLine {
        const char *key;
        const char *text;     /* the reason, or what to do instead */

        /* UNIT_LINE_ALWAYS */
        const char *const *values; /* accepted values */
        const char *no;       /* what to do for any other value; NULL: text */
        const char *const *capabilities; /* the payload must not have them */
        const char *calls;    /* ... nor this system call or group */
        const char *const *hidden; /* paths that isorun hides because of the line */
        unsigned char conditions; /* of UnitLineCondition */
        bool boolean;         /* "yes" is accepted, too */

        bool prefix;          /* key is the beginning of several names */
        unsigned char kind;   /* of UnitLineKind */
        const char *directive; /* UNIT_LINE_DIRECTIVE */
} UnitLine;

extern const UnitLine unit_lines[]; /* ends with a NULL key */

/* The entry for a line with this key, or NULL. */
const UnitLine *unit_line_find(const char *key);

/* Whether isorun does at least what the line KEY=value asks for. Only for UNIT_LINE_ALWAYS. */
bool unit_line_is_met(const UnitLine *line, const char *value);
