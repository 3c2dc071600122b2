/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a failure inside is about, as data: isorun and the process inside have the same plan, so a number in it is enough.
 * Whoever receives one looks it up, and trusts it no further. */

#include <stdint.h>

#include "plan/plan.h"

typedef enum SubjectKind {
        SUBJECT_NONE,
        SUBJECT_MOUNT,       /* index: in plan->mounts */
        SUBJECT_LIMIT,       /* index: in plan->limits */
        SUBJECT_STANDARD_IO, /* index: in plan->standard_io */
} SubjectKind;

typedef struct Subject {
        uint32_t kind; /* SubjectKind */
        uint32_t index;
} Subject;

/* m: one of the plan's mounts. */
Subject subject_mount(const Plan *plan, const PlanMount *m);

/* Finds where that part of the plan was asked for, and by which directive or option: {} and NULL for SUBJECT_NONE. Returns
 * 0, or -EPROTO if the plan has no such part. */
int subject_find(const Plan *plan, Subject subject, Origin *ret_origin, const char **ret_key);
