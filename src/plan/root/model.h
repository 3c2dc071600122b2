/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a path will mean inside, while the list of mounts is being made: which mount covers it, what on the host
 * lies behind it, and whether it is there at all. It looks at the host's directories, and changes nothing. */

#include "plan/plan.h"

typedef struct RootModel {
        PlanMount **mounts;
        size_t n_mounts;
        void *index; /* of tsearch(3), by destination */
} RootModel;

void root_model_deinit(RootModel *model);

/* Where a path leads inside. */
typedef struct Spot {
        char *path;             /* without symlinks; the part that does not exist as it was asked for */
        char **hosts;           /* what lies behind it on the host, where layers are stacked the highest first; NULL:
                                   nothing does, it is in memory */
        bool exists;
        bool directory;
        bool unread;            /* in an image that is not read: exists and directory are set, but nobody has looked */
        char *nearest;          /* the deepest directory on the way that exists */
        char **nearest_hosts;
        PlanMount *cover;       /* the mount that nearest, or path itself where it exists, belongs to */
        bool through_volume;    /* a symlink inside a writable bind was followed */
        bool leaves_root;       /* a symlink had more ".." than there are directories above it */
} Spot;

void spot_deinit(Spot *spot);

/* The first of hosts, or NULL. */
static inline const char *spot_host(const Spot *spot) {
        return spot->hosts ? spot->hosts[0] : NULL;
}

/* Follows path (absolute) with all its symlinks, none of which leads out of the root, as chroot(2) has it. Returns 0, also where there
 * is nothing; -ELOOP, -ENAMETOOLONG, -ENOMEM, or what lstat(2) said, such as -EACCES. */
int root_model_walk(const RootModel *model, const char *path, Spot *ret);

/* The mount at exactly that destination, or NULL. */
PlanMount *root_model_find(const RootModel *model, const char *destination);

/* Takes over *mount, whose destination is final. Returns it, or NULL when memory runs out. */
PlanMount *root_model_add(RootModel *model, PlanMount mount);
