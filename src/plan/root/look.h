/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks at files of the host, at each only once: the walks of a plan begin at "/", and so pass the same directories many
 * times. Below /proc it looks each time, because there a name may soon mean another file. */

#include <stdbool.h>
#include <sys/types.h>

#include "util/map.h"

/* What a path of the host was at the first look. */
typedef struct Look {
        char *path;
        bool final;      /* the next look would return the same */
        bool exists;
        bool mount_root; /* something is mounted there */
        bool whiteout;   /* for overlayfs, this name is deleted */
        mode_t mode;
        char *target;    /* of a symlink, else NULL */
} Look;

typedef struct Looks {
        Map by_path;
        Look **items;
        size_t n;
} Looks;

/* Does not follow a symlink at the end. Returns 0, also if the path does not exist, -ENOMEM, or another error of
 * statx(2), after which the next call looks again. *ret is borrowed, until the next look. */
int looks_at(Looks *looks, const char *path, const Look **ret);

void looks_deinit(Looks *looks);
