/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A systemd service with as much of a plan as systemd can enforce itself: isoctl export. */

#include <stdio.h>

#include "plan/plan.h"

/* Writes the unit to f; what systemd cannot enforce is said in comments there, and in a notice each. user: it is for a
 * user's manager. The plan must have a command. Returns 0; or, reported, -ENOMEM, or -EOPNOTSUPP where
 * the policy is of a kind of which nothing would be left. */
int export_unit(const Plan *plan, bool user, FILE *f, Report *report);
