/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The name of a file in an archive. */

#include <limits.h>

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

typedef struct Member {
        char path[PATH_MAX]; /* relative, without "." and double slashes; "" is the root */
        char parent[PATH_MAX];
        char name[NAME_MAX + 1]; /* "" is the root */
} Member;

/* Returns 0; -EXDEV for an absolute name or one with ".."; -ENAMETOOLONG, also if it is too deep to be walked. */
int member_parse(const char *text, Member *ret);
