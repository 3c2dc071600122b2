/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Writes the id maps of the user namespace that process pid is in, from outside of it, itself or by the plan's helpers.
 * proc: an fd of a /proc where pid is the process's number. Signals that isorun hands on are blocked, and are not for
 * the helpers. Returns 0 or -errno, reported. */
int id_maps_write(const Plan *plan, int proc, pid_t pid, Report *report);

/* The same for the inner user namespace, never with helpers. Returns 0 or -errno. */
int id_maps_write_inner(const Plan *plan, int proc, pid_t pid);
