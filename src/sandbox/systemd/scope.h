/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The transient scope: one method call that is sent and not waited for, and the signal that says it is done. */

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"
#include "util/patience.h"

typedef struct Scope Scope;

#define WAITING_FOR_SYSTEMD "waiting for systemd to start %s"

/* Asks systemd for the plan's scope, with pid in it. Returns 0 once the call is on its way, or -errno, reported. */
int scope_request(Scope **ret, const Plan *plan, pid_t pid, Patience *patience, Report *report);

/* Takes in what has come on the bus. Returns 1 once the job is done and so the process is in the unit, 0 while it is
 * not, or -errno, reported: -EEXIST where there is a unit of that name. */
int scope_process(Scope *scope, Report *report);

/* Whether systemd has refused since there is a unit of that name. */
bool scope_name_taken(const Scope *scope);

/* Has systemd stop the unit, which also ends a job that still waits; what comes of it scope_process() tells. */
void scope_cancel(Scope *scope);

/* For poll(2), between the calls of scope_process(). */
int scope_fd(const Scope *scope);
short scope_events(const Scope *scope);

/* Stops the unit, if it was asked for, and waits for the answer. */
void scope_stop(Scope *scope);

Scope *scope_free(Scope *scope);
DEFINE_CLEANUP(Scope *, scope_free);

/* Appends one property "(sv)" for the directive's values. Returns 0 or -errno. */
int property_append(const BusLibrary *lib, sd_bus_message *m, const PlanProperty *p);
