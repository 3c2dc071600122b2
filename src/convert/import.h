/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lines of a policy that the hardening lines of a systemd service come to: isoctl import. Pure: whether the lines can
 * be held on a machine is for who calls to find out, and to drop those that cannot. */

#include <stdio.h>

#include "policy/directive.h"
#include "util/report.h"

/* One line of the policy, or one item of a list. */
typedef struct ImportItem {
        DirectiveId id;
        char *text;         /* of a list: one word, without quotes; else all behind the "=" */
        bool inverted;
        Origin origin;      /* of the unit; file NULL: the unit does not say it, */
        const char *opened; /* and this is why it is here */
        bool dropped;
} ImportItem;

/* What became of a line that is not in the policy. */
typedef struct ImportNote {
        Origin origin;
        char *key, *value;
        char *reason;
        bool met; /* isorun does so by itself; otherwise it is left out */
} ImportNote;

typedef struct ImportLine {
        Origin origin;
        char *key, *value;
} ImportLine;

typedef struct Import {
        const char *unit; /* "redis@main.service", or a template's name */
        bool user;        /* of a user's manager */
        ImportLine *lines; /* of the unit that hold */
        size_t n_lines;
        ImportItem *items;
        size_t n_items;
        ImportNote *notes;
        size_t n_notes;
        bool optional[_DIRECTIVE_MAX]; /* to be named by Optional= */
        bool seen[_DIRECTIVE_MAX];     /* the unit says something of it */
        char **files;                  /* owns the names in the origins */
} Import;

void import_deinit(Import *import);

/* Reads a unit file, or a drop-in over what was read before. Returns as unit_file_parse(). */
int import_read(Import *import, const char *file, const char *text, size_t size, Report *report);

/* Makes the items and notes of the lines. Returns 0 or -ENOMEM. */
int import_convert(Import *import);

/* Adds a line that the unit does not have, why being a constant. Returns 0 or -ENOMEM. */
int import_open(Import *import, DirectiveId id, const char *words, const char *why);

/* How the item is written behind "KEY=", or "KEY=~" where it is inverted; on the heap, NULL: no memory. */
char *import_item_value(const ImportItem *item);

/* Leaves out the item, for that reason. Returns 0 or -ENOMEM. */
int import_drop(Import *import, ImportItem *item, const char *reason);

/* Puts the notes into the order of the unit's lines. */
void import_sort(Import *import);

/* Writes the policy to f: the lines in the order of the table of directives. The names of files are shown as they are. */
void import_print(const Import *import, FILE *f);

/* For the rules. */

/* What can be said only when all lines are known. Returns 0 or -ENOMEM. */
int import_finish(Import *import);

/* What is done with the lines of a key. Returns 0 or -ENOMEM. */
typedef int (*ImportRule)(Import *import, const ImportLine *line, const char *argument);

/* The rule for a key of [Service], with its argument; NULL where there is none. */
ImportRule import_rule(const char *key, const char **ret_argument);

int import_add(Import *import, DirectiveId id, const ImportLine *line, const char *text, bool inverted);
int import_note(Import *import, const ImportLine *line, bool met, const char *format, ...) _printf_(4, 5);

/* The directive of the same name: each word of a list, or the value. */
int import_same(Import *import, const ImportLine *line, const char *name);

/* text with the specifiers that isorun does not have replaced, a % of theirs being doubled. Returns 1 with *ret; 0 where
 * one cannot be, noted; -ENOMEM. */
int import_expand(Import *import, const ImportLine *line, const char *text, char **ret);

/* The same, split into words. */
int import_words(Import *import, const ImportLine *line, const char *text, char ***ret);
