/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl export: turns a plan into a systemd service that enforces as much of it as systemd can. */

#include <stdio.h>

#include "plan/plan.h"

/* Writes the unit to f. For each part of the plan that systemd cannot enforce, writes a comment and reports a notice.
 * user: the unit is for a user's manager. The plan must have a command. Returns 0; or, reported, -ENOMEM, or
 * -EOPNOTSUPP if a systemd service cannot implement the policy at all. */
int export_unit(const Plan *plan, bool user, FILE *f, Report *report);
