/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

#include <stdint.h>

/* A file system right of Landlock: landlock(7). */
typedef struct LandlockRight {
        const char *name;
        uint64_t bit;
        unsigned abi;    /* the first ABI that has it */
        unsigned groups; /* LANDLOCK_GROUP_* */
} LandlockRight;

enum {
        LANDLOCK_GROUP_READ = 1 << 0,   /* allowed everywhere */
        LANDLOCK_GROUP_DEVICE = 1 << 1, /* allowed below /dev */
        LANDLOCK_GROUP_FILE = 1 << 2,   /* can apply to a file that is not a directory */
};

extern const LandlockRight landlock_rights[]; /* ends with a NULL name */

/* All rights that the ABI has and that are in all these groups. */
uint64_t landlock_rights_mask(unsigned abi, unsigned groups);

/* Plans the Landlock rules. Call it after the mounts are planned. */
int build_landlock(Builder *b);
