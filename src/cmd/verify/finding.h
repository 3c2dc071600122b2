/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isoctl verify has found out about each promise. */

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

typedef enum Verdict {
        VERDICT_HOLDS,
        VERDICT_STRICTER, /* the instance may do less than the plan says */
        VERDICT_ABSENT,   /* not in force, as Optional= allows */
        VERDICT_UNSEEN,   /* nothing shows it, to this user or to anybody */
        VERDICT_UNREAD,   /* it can be seen, but not now */
        VERDICT_BROKEN,
} Verdict;

const char *verdict_name(Verdict verdict);

typedef struct Finding {
        Verdict verdict;
        char *part, *details;
        char *origin; /* of the promise in the policy; "" for none */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n;
        bool oom;
        bool may_pass; /* a finding comes from a process that isorun has just made, and which is not complete */
} Findings;

void findings_deinit(Findings *findings);

/* Adds a finding. If memory runs out, sets oom. */
void finding_add(Findings *findings, Verdict verdict, const char *part, const char *origin, const char *format, ...)
        _printf_(5, 6);

size_t findings_count(const Findings *findings, Verdict verdict);
