/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks at files of the host, at each only once: the walks of a plan begin at "/", and so pass the same directories
 * many times. Below /proc it looks each time, because there a name may soon mean another file. */

#include <stdbool.h>
#include <sys/types.h>

#include "util/map.h"

/* What a path of the host was at the first look. */
typedef struct Look {
        char *path;
        bool final;      /* the next look would return the same */
        bool listed;     /* only type is known, from the listing of the directory */
        bool exists;
        bool mount_root; /* something is mounted there; not known if listed */
        bool whiteout;   /* for overlayfs, this name is deleted */
        mode_t type;     /* S_IFDIR and so on */
        char *target;    /* of a symlink, else NULL */
} Look;

typedef struct Looks {
        Map by_path;
        Look **items;
        size_t n;
        unsigned n_top; /* looks at names in / */
} Looks;

/* Does not follow a symlink at the end. Returns 0, also if the path does not exist, -ENOMEM, or another error of
 * statx(2), after which the next call looks again. *ret is borrowed, until the next look. */
int looks_at(Looks *looks, const char *path, const Look **ret);

/* The same if it matters whether something is mounted there. */
int looks_at_mount(Looks *looks, const char *path, const Look **ret);

/* Keeps what the listing of a directory says about an entry of it: type is DT_REG and so on, of readdir(3). What is
 * mounted on it can be another file, but is a directory only if the entry is one. Returns 0 or -ENOMEM. */
int looks_note(Looks *looks, const char *directory, const char *name, unsigned char type);

void looks_deinit(Looks *looks);
