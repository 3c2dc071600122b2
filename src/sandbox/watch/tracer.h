/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/record/record.h"
#include "sandbox/watch/denials.h"

/* Attaches to the process that becomes the payload, before it has the filters of watch_programs(). When this process
 * ends, the kernel kills all that it traces. Returns 0 or -errno. */
int tracer_attach(pid_t pid);

/* Denies what the plan's filter denies, and collects the calls that fail, until no process of the payload is left. If
 * record is not NULL, collects there what the payload uses: plan_is_recorded(). Returns 0 or -errno: then this process
 * must end, so that the payload does. */
int tracer_run(const Plan *plan, Denials *denials, Record *record);
