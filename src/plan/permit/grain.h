/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The smallest part of a permit: what a policy permits for one key of one directive. The key is a path, the name of a
 * system call or of a device, or "" for a directive with one value. All directives share one order of grains:
 *
 *   - a lower level permits less than a higher one, whatever else they hold;
 *   - grains of one level with different texts do not compare;
 *   - with the same text, fewer bits and lower numbers permit less.
 *
 * The meet of grains that do not compare is a clash. It permits less than all others of its level, and more than those
 * of a lower level. So the meet is always defined, in whatever order it is taken, and an error comes only from a clash
 * that is left at the end. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/policy.h"

enum { GRAIN_NUMBERS = 3 };

typedef struct Grain {
        const char *key;  /* first, for path_find_above() */
        unsigned level;
        const char *text; /* continued by rest; NULL: "" */
        const char *rest;
        bool clash;
        uint64_t bits;
        uint64_t most[GRAIN_NUMBERS];
        mode_t mode;      /* of a directory in memory; not compared */
        DirectiveId id;   /* the directive of the line, where the facet has several */
        const Setting *from, *lost; /* the line that decides, and the one that gave way; NULL: none */
} Grain;

/* Whether inner permits only what outer permits. */
bool grain_within(const Grain *inner, const Grain *outer);

/* The grain that permits only what both permit. */
Grain grain_meet(const Grain *a, const Grain *b);

/* Whether their texts are the same. */
bool grain_same_text(const Grain *a, const Grain *b);

/* How a facet answers for a key that it does not list. */
typedef enum Near {
        NEAR_OTHER,  /* by its grain "other" */
        NEAR_PATH,   /* by the path closest above; for a key that is no path, by "other" */
        NEAR_PLACE,  /* the same for places, whose texts continue */
        NEAR_PREFIX, /* by the longest key that the key begins with */
} Near;

/* What a policy permits by one directive. */
typedef struct Facet {
        Grain *items; /* sorted by key */
        size_t n;
        Grain other;
        Near near;
} Facet;

/* Appends a grain. Returns it, or NULL when memory runs out. Call facet_sort() before anything else. */
Grain *facet_add(Facet *facet, const char *key, unsigned level);

/* Sorts by the key. Of two grains for one key, keeps their meet. */
void facet_sort(Facet *facet);

/* Moves the last grain of a facet that is otherwise sorted to its place. It replaces an earlier one with its key. */
void facet_replace_sorted(Facet *facet);

/* The bits of a place: what the payload may do there. */
enum {
        PLACE_WRITE = 1 << 0,
        PLACE_KEEP = 1 << 1,     /* write, but not to the host: an overlay */
        PLACE_EXECUTE = 1 << 2,
        PLACE_DEVICES = 1 << 3,
        PLACE_NAMED = 1 << 4,    /* a line of the policy names it, so it is shown even if it is a secret or a home */
        PLACE_OPTIONAL = 1 << 5, /* left out if it does not exist */
};

/* The grain for a key. Its strings are borrowed from the facet and the key. A place below a path has what is at that
 * path, continued. */
Grain facet_get(const Facet *facet, const char *key);

/* Calls visit with the grains of both facets, once for each key that one of them lists, in the order of the keys. If
 * the facets have a grain for all other keys, calls it at last with the key NULL. Stops at the first result other than
 * 0, and returns it. */
typedef int (*FacetVisit)(void *userdata, const char *key, const Grain *a, const Grain *b);
int facet_visit(const Facet *a, const Facet *b, FacetVisit visit, void *userdata);
