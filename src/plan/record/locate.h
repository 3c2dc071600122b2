/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finds out what the paths of a record are: which mount of the plan they are on, and which file of the host is behind
 * them. The paths are the payload's, so a lookup may wait for a file system that never answers: the caller watches
 * that. */

#include "plan/plan.h"
#include "plan/record/fold.h"

typedef struct Located {
        FoldEntry *entries;
        size_t n;
        FoldBase *bases;   /* for each mount of the plan; without a destination: it is none */
        bool *used;        /* for each mount of the plan that is no base */
        char **homes;
} Located;

/* How far the work is, in memory that other processes may read. */
typedef struct RecordProgress {
        size_t next; /* the use that is looked up */
        bool skip[RECORD_USES_MAX]; /* these are not looked up, and so are not in the policy */
} RecordProgress;

/* Whether the root is the host's, so that a policy can show less of it. */
bool plan_has_host_root(const Plan *plan);

/* The line of the policy that a mount is from, with words (value.h: type_bind), or NULL. */
const Setting *located_setting(const Plan *plan, const PlanMount *mount);

/* Whether a line of BindPaths=, BindReadOnlyPaths= or Volume= only says where something is, and whether it is
 * writable. */
bool located_is_plain(const Setting *setting);

/* Returns 0 or -ENOMEM. */
int locate(const Plan *plan, const Record *record, RecordProgress *progress, Located *ret);

void located_deinit(Located *located);
