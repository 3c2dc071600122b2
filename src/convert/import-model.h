/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A service's lines and the policy that they become, as far as it is known: what all parts of isoctl import work on. */

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

/* Adds an item that comes from the line. Returns 0 or -ENOMEM. */
int import_add(Import *import, DirectiveId id, const ImportLine *line, const char *text, bool inverted);

/* Adds a line that the unit does not have, why being a constant. Returns 0 or -ENOMEM. */
int import_open(Import *import, DirectiveId id, const char *words, const char *why);

/* Leaves out the item, for that reason. Returns 0 or -ENOMEM. */
int import_drop(Import *import, ImportItem *item, const char *reason);

/* Says why the line is not in the policy. Returns 0 or -ENOMEM. */
int import_note(Import *import, const ImportLine *line, bool met, const char *fmt, ...) _printf_(4, 5);

/* How the item is written behind "KEY=", or "KEY=~" where it is inverted; on the heap, NULL: no memory. */
char *import_item_value(const ImportItem *item);

/* Whether an item is all that stands behind "KEY=", and not one word of it. */
bool import_is_whole(const Directive *d);
