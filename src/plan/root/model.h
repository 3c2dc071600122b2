/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Answers what a path means inside while the mounts are being planned: which mount it belongs to, which host files are
 * behind it, and whether it exists. Reads directories of the host, and changes nothing. */

#include "plan/plan.h"
#include "plan/root/look.h"
#include "util/map.h"

typedef struct RootModel {
        PlanMount **mounts;
        size_t n_mounts;
        Map index; /* by destination */
        Looks looks;
} RootModel;

void root_model_deinit(RootModel *model);

/* The place that a path leads to. */
typedef struct Spot {
        char *path;             /* without symlinks; a part that does not exist stays unchanged */
        char **hosts;           /* the host paths behind it, highest layer first; NULL: in memory */
        bool exists;
        bool directory;
        bool unread;            /* in an image that is not read: exists and directory are assumptions */
        bool left_out;          /* at a mount of the host that the volume leaves out, or below */
        bool unknown;           /* below it: whether it exists is not known */
        char *nearest;          /* if path does not exist, the last part of it that exists */
        char **nearest_hosts;
        PlanMount *cover;       /* the mount that path belongs to, or nearest if path does not exist */
        bool through_volume;    /* a symlink in a writable bind was followed */
        bool leaves_root;       /* a symlink had more ".." than there are parent directories */
} Spot;

void spot_deinit(Spot *spot);

/* Follows an absolute path and its symlinks, which cannot leave the root, as in chroot(2). Returns 0, also if the path
 * does not exist, -ELOOP, -ENAMETOOLONG, -ENOMEM, or an error of lstat(2) such as -EACCES. */
int root_model_walk(RootModel *model, const char *path, Spot *ret);

/* The mount with exactly this destination, or NULL. */
PlanMount *root_model_find(const RootModel *model, const char *destination);

/* Adds a mount, whose destination is final. Takes it over. Returns the mount in the model, or NULL when memory runs
 * out. */
PlanMount *root_model_add(RootModel *model, PlanMount mount);
