/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What happens to an instance, told to the journal in records that programs can look for: systemd.journal-fields(7) and
 * isorun(7) have the fields, journal-records.inc the kinds. Each is sent by isorun itself, from outside of the sandbox, for
 * instances that are units alone; where there is no journal, or it does not take it at once, nothing happens. */

#include "plan/plan.h"
#include "plan/unit/name.h"

/* The payload's execve(2) has succeeded. */
void journal_started(const Plan *plan);

/* It has said that it is ready: sd_notify(3). */
void journal_ready(const Plan *plan);

/* It has ended; wait_status as of waitpid(2). */
void journal_ended(const Plan *plan, int wait_status);

/* The kernel has killed a process of its for memory. origin, key: of the line that set the limit; NULL: there is none. */
void journal_oom_killed(const Plan *plan, Origin origin, const char *key);

/* It was not started, for what report says first; which says nothing where that is nothing. policy: as it was asked for. */
void journal_refused(const PlanUnit *unit, const char *name, const char *policy, const Report *report);
