/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One notice for all the optional limits that nothing enforces: they often have one cause. */

#include "plan/plan.h"
#include "util/report.h"

typedef struct Lacking {
        Report *report;
        Origin origin;  /* of the first limit */
        char **names, **reasons;
} Lacking;

/* Adds a property, and the reason why it is not enforced. If those before are of another file, reports them first. */
void lacking_add(Lacking *lacking, const PlanProperty *property, const char *reason);

/* Reports the properties that were added. Does nothing if there are none. It is also the cleanup. */
void lacking_report(Lacking *lacking);
#define _cleanup_lacking_ _cleanup_(lacking_report)
