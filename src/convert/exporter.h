/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state that all parts of isoctl export share. Each part writes its lines into the streams; export_unit() puts them
 * together. */

#include <stdio.h>

#include "plan/plan.h"

typedef struct Exporter {
        const Plan *plan;
        const Policy *policy;
        bool user; /* the unit is for a user's manager */
        Report *report;
        FILE *unit;    /* [Unit] */
        FILE *builtin; /* lines for what isorun does by itself */
        FILE *asked;   /* lines for what the policy asks for */
        FILE *lacking; /* comments on what systemd does not enforce */
        bool failed;   /* an error was reported */
        bool oom;      /* memory has run out, so the unit is incomplete */
} Exporter;

/* Reports that systemd does not enforce a directive, and writes a comment about it. */
void export_lacks(Exporter *e, Origin origin, const char *key, const char *fmt, ...) _printf_(4, 5);

/* Whether the unit has path in a directory in memory, which is empty at its start: systemd creates what is mounted
 * there, and nothing else. */
bool export_is_in_memory(const Exporter *e, const char *path);

/* Whether the root has only what the policy adds: RootDirectory=none. */
bool export_has_empty_root(const Exporter *e);

/* The stream for a line that results from a policy line. A comment with its origin is written first. */
FILE *export_stream(Exporter *e, Origin origin);

/* Writes one word of a list, or a text that extends to the end of the line. systemd replaces no escapes there, so
 * control characters cannot be written, and are reported as an error of the policy's line. */
void export_word(Exporter *e, FILE *f, Origin origin, const char *key, const char *word);
void export_rest(Exporter *e, FILE *f, Origin origin, const char *key, const char *text);
