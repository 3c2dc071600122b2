/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/permit/read.h"

/* The levels of places, from the one that permits least. */
enum {
        PLACE_HIDDEN,
        PLACE_TEXT,   /* a file or symlink with a text of the policy */
        PLACE_MEMORY,
        PLACE_HOST,
        PLACE_ANY,    /* a path that no line protects */
};

enum { PLACE_MEMORY_BITS = PLACE_WRITE | PLACE_KEEP | PLACE_EXECUTE };

/* The levels of executable places. */
enum {
        EXEC_NO,
        EXEC_READ_ONLY, /* where the payload cannot write */
        EXEC_YES,
};

/* Adds the places that every instance has, and the root. Returns 0 or -ENOMEM. */
int permit_add_base(PermitReader *r);

/* Whether the host's root shows the path of the host as it is: no secret, no home, and not hidden. */
bool permit_is_system(const char *path);

/* The source of a place: a real path of the host without a slash at the end, or a name. NULL when memory runs out. */
const char *permit_source(PermitReader *r, const char *source);
