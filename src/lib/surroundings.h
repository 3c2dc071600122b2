/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sandbox around isorun, if it runs in one: what it takes from a plan, for readers of the plan.
 *
 * Only what this process can measure counts. If such a sandbox lacks what a plan needs (capabilities, a source that can
 * be written), making the plan fails, because nothing is weaker in silence. A network without devices and fewer system
 * calls are no error: the payload gets less than it may. No process can read the filter that confines it. */

#include "plan/plan.h"

/* Adds to the decisions of the policy. Returns 0 or -errno, reported. */
int surroundings_add(Policy *policy, const Plan *plan, Report *report);
