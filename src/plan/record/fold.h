/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Makes few places of the many paths that a payload has used. Only looks at the texts.
 *
 *   - What is written is a file that is writable, or a directory in which something was made.
 *   - A directory that was listed is shown whole.
 *   - Of /usr, all is shown.
 *   - Two files of a directory, or four parts of it, become the directory. But a directory is not shown whole
 *       - if the policy of the run does not show it whole, or has other mounts below it;
 *       - if it is directly in /, unless the policy names it;
 *       - if it is a home or around one, or a directory of a home that begins with a dot (.config);
 *       - if it is a place for secrets of a home (.ssh), or below one, wherever it is.
 *   - A directory that was only looked at is made, and is empty. */

#include <stdbool.h>

#include "plan/record/record.h"

/* A place of the root that the run had. */
typedef struct FoldBase {
        const char *destination;
        const char *source; /* on the host */
        bool writable;
        bool named; /* by the policy */
        bool overlay; /* what is written to it does not reach source */
} FoldBase;

typedef struct FoldEntry {
        char *path;         /* absolute, simplified, without symlinks but itself */
        char *target;       /* of a symlink, else NULL */
        bool directory;
        unsigned uses;      /* USED_*; USED_WRITE of a directory: something was made in it */
        const FoldBase *base;
        RecordCount count;
} FoldEntry;

typedef enum FoldKind {
        FOLD_SHOWN,   /* a file, or a directory with all in it */
        FOLD_LINK,
        FOLD_MADE,    /* an empty directory */
        FOLD_REFUSED, /* a directory that should be shown or writable, and is not: the user decides */
} FoldKind;

typedef struct FoldPlace {
        char *path;
        char *target; /* FOLD_LINK */
        FoldKind kind;
        bool writable;
        bool directory;
        const FoldBase *base;
        unsigned uses;
        RecordCount count;
} FoldPlace;

typedef struct FoldPlaces {
        FoldPlace *items; /* sorted by path */
        size_t n;
} FoldPlaces;

typedef struct FoldRules {
        char *const *homes;  /* directories of users */
        char *const *others; /* destinations of the policy's other mounts; a directory around one is not shown whole */
} FoldRules;

/* Sorts the entries. Returns 0 or -ENOMEM. */
int fold(FoldEntry *entries, size_t n, const FoldRules *rules, FoldPlaces *ret);

void fold_places_deinit(FoldPlaces *places);

/* Whether the whole directory may be shown, if a base shows it: the rules above but the first. */
bool fold_may_show(const FoldRules *rules, const FoldBase *base, const char *path);
