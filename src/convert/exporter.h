/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What all parts of isoctl export work on. Each writes its lines into the streams, which are put together at the end. */

#include <stdio.h>

#include "plan/plan.h"

typedef struct Exporter {
        const Plan *plan;
        const Policy *policy;
        bool user; /* of a user's manager */
        Report *report;
        FILE *unit;    /* [Unit] */
        FILE *builtin; /* what isorun does by itself */
        FILE *asked;   /* what the policy asks for */
        FILE *lacking; /* comments */
        bool oom;      /* something is missing */
} Exporter;

/* Says that a directive is not enforced. */
void export_lacks(Exporter *e, Origin origin, const char *key, const char *fmt, ...) _printf_(4, 5);

/* The stream for a line that stands for something of origin, behind a comment that names it. */
FILE *export_stream(Exporter *e, Origin origin);
