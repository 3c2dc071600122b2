/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state that all parts of isoctl import share: the service's lines, and the policy that they become. */

#include "policy/directive.h"
#include "util/report.h"

/* One line of the policy, or one item of a list. */
typedef struct ImportItem {
        DirectiveId id;
        char *text;         /* one unquoted word of a list, or the whole value */
        bool inverted;
        Origin origin;      /* a line of the unit; file NULL: isoctl adds it, */
        const char *opened; /* for this reason */
        bool dropped;
        char *destination;  /* of BindPaths= and BindReadOnlyPaths=, from import_finish() on */
} ImportItem;

/* An item of BindPaths=, for path_sort(). */
typedef struct ImportVolume {
        const char *destination; /* borrowed from the item */
        size_t item;
} ImportVolume;

/* The reason why a line of the unit is not in the policy. */
typedef enum ImportOutcome {
        IMPORT_LEFT_OUT,
        IMPORT_MET,      /* isorun does it by default */
        IMPORT_REPLACED, /* the policy has something at least as strict */
        IMPORT_REFUSED,  /* the policy has nothing as strict, so it must not be used */
} ImportOutcome;

/* A comment about such a line. */
typedef struct ImportNote {
        Origin origin;
        char *key, *value;
        char *reason;
        ImportOutcome outcome;
} ImportNote;

typedef struct ImportLine {
        Origin origin;
        char *key, *value;
} ImportLine;

typedef struct Import {
        const char *unit; /* "redis@main.service", or a template's name */
        bool user;        /* of a user's manager */
        bool wraps;       /* for --drop-in: the unit stays, and its other lines with it */
        char **own_paths; /* for --drop-in: package.h */
        ImportLine *lines; /* the lines of the unit that are in force */
        size_t n_lines, n_words;
        ImportItem *items;
        size_t n_items;
        void *bind_texts;  /* for tsearch(3), to find binds that are there twice */
        ImportVolume *volumes; /* sorted; for import_finish() */
        size_t n_volumes;
        ImportNote *notes;
        size_t n_notes;
        bool optional[_DIRECTIVE_MAX]; /* directives that Optional= names */
        bool seen[_DIRECTIVE_MAX];     /* directives that the unit mentions */
        char **files;                  /* owns the file names of the origins */
} Import;

void import_deinit(Import *import);

/* Adds an item that comes from the line. Returns 0 or -ENOMEM. */
int import_add(Import *import, DirectiveId id, const ImportLine *line, const char *text, bool inverted);

/* Adds items for words that the unit does not have; "~" before a word inverts it. why is a constant text. Returns 0 or
 * -ENOMEM. */
int import_open(Import *import, DirectiveId id, const char *words, const char *why);

/* The same for SystemCallFilter= of a unit without one. Denies calls that help an attacker and that services have no
 * use for. Leaves those that bound a resource of the machine (@memlock, io_setup), because some daemons need them. */
int import_open_calls(Import *import, const char *words, const char *why);

/* Removes the item, and notes the reason. Only for an item without which the policy is not weaker. Returns 0 or
 * -ENOMEM. */
int import_drop(Import *import, ImportItem *item, const char *reason);

/* Notes why the line is not in the policy. met: isorun does it by default. Otherwise the line is left out, or, if the
 * policy would be weaker without it, IMPORT_REFUSED. Returns 0 or -ENOMEM. */
int import_note(Import *import, const ImportLine *line, bool met, const char *fmt, ...) _printf_(4, 5);

/* Notes that the policy has something else for the line, which is at least as strict. Returns 0 or -ENOMEM. */
int import_note_replaced(Import *import, const ImportLine *line, const char *fmt, ...) _printf_(3, 4);

/* The text of the item after "KEY=", or "KEY=~" if it is inverted. On the heap; NULL when memory runs out. */
char *import_item_value(const ImportItem *item);

/* Whether the policy has an item of this directive. */
bool import_has(const Import *import, DirectiveId id);

/* Whether an item is the whole value of a line, and not one of its words. */
bool import_is_whole(const Directive *d);
