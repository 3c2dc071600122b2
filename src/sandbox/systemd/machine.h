/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"

/* Outside: registers the instance as a container with systemd-machined(8). Its leader is the process that has connected
 * bus, the first one inside, which must already be in the unit; machined forgets the container when the unit ends.
 * Returns 0, or -errno, reported, if machined refuses and the policy does not make this optional. If machined cannot be
 * reached, reports a notice and returns 0. */
int machine_register(const Plan *plan, const Bus *bus, Report *report);
