/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

#include <stdint.h>

/* A file system right of Landlock: landlock(7). */
typedef struct LandlockRight {
        const char *name;
        uint64_t bit;
        unsigned abi;    /* the first that has it */
        unsigned groups; /* LANDLOCK_GROUP_* */
} LandlockRight;

enum {
        LANDLOCK_GROUP_READ = 1 << 0,   /* given everywhere */
        LANDLOCK_GROUP_DEVICE = 1 << 1, /* given below /dev */
        LANDLOCK_GROUP_FILE = 1 << 2,   /* makes sense on what is not a directory */
};

extern const LandlockRight landlock_rights[]; /* ends with a NULL name */

/* All rights that the ABI knows and that are in all of the groups. */
uint64_t landlock_rights_mask(unsigned abi, unsigned groups);

/* The rules; once the mounts are placed. */
int build_landlock(Builder *b);
