/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The places of GrantPaths= in an instance, and the directories that are granted there. */

#include "cmd/instance/grant.h"
#include "cmd/instance/talk.h"

typedef struct Place {
        char *path;
        bool writable;      /* the policy allows writing there */
        bool no_exec;       /* the policy does not allow executing files there */
        char *source;       /* the granted directory, as mountinfo shows it: "PATH (TYPE SOURCE)"; NULL if nothing is
                               granted */
        bool granted_write; /* the granted directory is writable */
        bool may_mount;     /* the payload may mount */
        unsigned n_mounts;  /* the number of mounts on top of the place */
} Place;

typedef struct Places {
        GrantTarget target;
        Place *items;
        size_t n;
} Places;

/* Asks the instance. Returns 0 or -errno, reported. Call places_deinit() in either case. */
int places_find(Places *ret, const Instance *instance, Report *report);
void places_deinit(Places *places);

/* Returns the place at exactly that path, borrowed. If there is no such place, reports all places and returns NULL. */
Place *places_pick(const Places *places, const Instance *instance, const char *path, Report *report);
