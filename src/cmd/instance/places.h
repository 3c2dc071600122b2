/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The places of an instance that isoctl grant can fill, and what is on them. */

#include "cmd/instance/grant.h"
#include "cmd/instance/talk.h"

typedef struct Place {
        char *path;
        bool writable;      /* so the policy says */
        char *source;       /* what is there, as the kernel has it: the path in its file system, and that; else NULL */
        bool granted_write; /* it can be written to */
        bool may_mount;     /* so may the payload */
        unsigned n_mounts;  /* on the place, which is one itself */
} Place;

typedef struct Places {
        GrantTarget target;
        Place *items;
        size_t n;
} Places;

/* Asks the instance. Returns 0 or -errno, reported. */
int places_find(Places *ret, const Instance *instance, Report *report);
void places_deinit(Places *places);

/* The place at exactly that path; where there is none, NULL, and the report lists those that are. */
Place *places_pick(const Places *places, const Instance *instance, const char *path, Report *report);
