/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Sees to it that the service that isorun is the main process of has the plan's properties: a limit that its cgroup
 * holds already is met; another is set on the unit, which is root's or the user's own manager's to allow; what
 * cannot be set on a running unit must be in its file. Where that fails, the error prints the line to add. Returns
 * 0 or -errno, reported. */
int unit_ensure(const Plan *plan, int cgroup_fd, Report *report);
