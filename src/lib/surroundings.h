/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sandbox around isorun, if it runs in one: what it takes from a plan, for readers of the plan.
 *
 * Only what this process can measure counts. Most of what such a sandbox lacks is an error when a plan is made (a
 * read-only source of a writable volume, capabilities), because nothing is weaker in silence. Less than the policy
 * allows is no error: a network without devices, and system calls. No process can read the filter that confines it. */

#include "plan/plan.h"

/* Adds to the decisions of the policy. Returns 0 or -errno, reported. */
int surroundings_add(Policy *policy, const Plan *plan, Report *report);
