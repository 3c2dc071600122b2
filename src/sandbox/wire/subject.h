/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The part of the plan that a failure inside is about. isorun and the process inside have the same plan, so a number is
 * enough. The receiver checks the number. */

#include <stdint.h>

#include "plan/plan.h"

typedef enum SubjectKind {
        SUBJECT_NONE,
        SUBJECT_MOUNT,       /* index: in plan->mounts */
        SUBJECT_LIMIT,       /* index: in plan->limits */
        SUBJECT_STANDARD_IO, /* index: in plan->standard_io */
        SUBJECT_PEER,        /* index: in plan->peers */
} SubjectKind;

typedef struct Subject {
        uint32_t kind; /* SubjectKind */
        uint32_t index;
} Subject;

/* m must be one of the plan's mounts. */
Subject subject_mount(const Plan *plan, const PlanMount *m);

/* Finds the policy line that asked for that part of the plan, and its directive or option. They are {} and NULL for
 * SUBJECT_NONE; *ret_key is also NULL for SUBJECT_STANDARD_IO. Returns 0, or -EPROTO if the plan has no such part. */
int subject_find(const Plan *plan, Subject subject, Origin *ret_origin, const char **ret_key);
