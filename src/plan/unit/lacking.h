/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One message for all the limits that nothing enforces: they often have one cause. It is an error, or a notice for
 * those that Optional= names. */

#include "plan/plan.h"
#include "util/report.h"

typedef struct LackingGroup {
        Origin origin; /* of the first limit */
        char **names, **reasons;
} LackingGroup;

typedef struct Lacking {
        Report *report;
        const Plan *plan;
        const char *refusal; /* begins the error: what failed, with ": " */
        bool explain;        /* it is a notice to the reader of a plan */
        LackingGroup optional, required;
        char **refused; /* the names of all required limits, for the hint */
} Lacking;

/* Adds a property, and the reason why it is not enforced. If those before are of another file, reports them first.
 * Returns 0; -EOPNOTSUPP if lacking_report() will report it as an error; or -ENOMEM, reported. */
int lacking_add(Lacking *lacking, const PlanProperty *property, const char *reason);

/* Reports the properties that were added. Does nothing if no property was added. It is also the cleanup. */
void lacking_report(Lacking *lacking);
#define _cleanup_lacking_ _cleanup_(lacking_report)
