/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Registers the instance with systemd-machined(8), as a container that leader, which is in the unit already, is the first
 * process of. It is forgotten with the unit. Where machined cannot be reached there is a notice. Returns 0, or -errno,
 * reported, where it refuses. */
int machine_register(const Plan *plan, pid_t leader, Report *report);
