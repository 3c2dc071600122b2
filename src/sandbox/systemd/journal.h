/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Records in the journal about what happens to an instance. systemd.journal-fields(7) and isorun(7) list the fields,
 * and journal-records.inc the kinds. isorun sends them from outside the sandbox, and only if the instance is a unit. If
 * the journal is missing or cannot take a record at once, the record is lost. */

#include "plan/plan.h"
#include "plan/unit/name.h"
#include "sandbox/flows/record.h"
#include "sandbox/watch/log.h"

/* How many records of one kind an instance may write now. journald bounds the records of each unit, and isorun's other
 * ones matter more. */
typedef struct JournalRate {
        uint64_t period, n; /* the records since then: CLOCK_MONOTONIC */
        uint64_t n_lost; /* that were left out */
} JournalRate;

/* Whether another record may be written. Otherwise counts it as lost. */
bool journal_turn(JournalRate *rate);

/* The payload runs: its execve(2) has succeeded. */
void journal_started(const Plan *plan);

/* The payload has sent READY=1: sd_notify(3). */
void journal_ready(const Plan *plan);

/* The payload has ended. wait_status is from waitpid(2). left: the name of a process that it has left, or NULL. */
void journal_ended(const Plan *plan, int wait_status, const char *left);

/* The kernel has killed a process of the instance for lack of memory. origin and key name the policy line that set the
 * limit; key is NULL if there is no such line. */
void journal_oom_killed(const Plan *plan, Origin origin, const char *key);

/* The instance has reached a limit of its unit. origin and key name the policy line that set it. */
void journal_limit_reached(const Plan *plan, Origin origin, const char *key);

/* There is no room left in a directory in memory. origin and key name the policy line that made it; the origin may be
 * empty. */
void journal_full(const Plan *plan, const char *directory, const char *size, Origin origin, const char *key);

/* Something that happened to connections to peers. n_lost: so many records before it were left out. */
void journal_flow(const Plan *plan, const FlowRecord *record, uint64_t n_lost);

/* The filter has denied a call: the first, 10th, 100th, ... time. n_lost as above. */
void journal_denied(const Plan *plan, const DenialRecord *record, uint64_t n_lost);

/* The start failed. Logs the report's first error, or nothing if the report has no error. policy is the name or path
 * that the caller gave. */
void journal_refused(const PlanUnit *unit, const char *name, const char *policy, const Report *report);
