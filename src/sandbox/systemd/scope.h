/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The transient scope. isorun sends one method call and does not wait for the answer; a signal from systemd says when
 * the scope is started. Runs outside. */

#include "plan/plan.h"
#include "sandbox/systemd/bus.h"

typedef struct Scope Scope;

/* Asks systemd for the plan's scope, with the process in it that has connected the bus. Returns 0 once the request is
 * sent, or -errno, reported; -EINTR after a signal. plan, bus and report are borrowed: the bus must not be used after
 * scope_free(). */
int scope_request(Scope **ret, const Plan *plan, const Bus *bus, Report *report);

/* Reads what has arrived on the bus. Returns 1 once the scope is started, and so the process is in it; 0 before; or
 * -errno, reported. Two errors are not reported: -EEXIST if a unit of that name exists, and -ECANCELED after
 * scope_cancel(). */
int scope_process(Scope *scope, Report *report);

/* Whether systemd has refused because a unit of that name exists. */
bool scope_name_taken(const Scope *scope);

/* Asks systemd to stop the unit, which also ends a start job that still waits. This request waits for systemd's answer
 * to the first: a unit of that name may belong to others. scope_process() then returns -ECANCELED. */
void scope_cancel(Scope *scope);

/* Asks systemd, over a connection of its own, whether the plan's unit has ended. Returns false if there is no
 * answer. */
bool scope_has_ended(const Plan *plan, Patience *patience);

/* The fd and events to poll(2) for before the next scope_process(). */
int scope_fd(const Scope *scope);
short scope_events(const Scope *scope);

Scope *scope_free(Scope *scope);
DEFINE_CLEANUP(Scope *, scope_free);

/* Appends the properties that each unit of isorun has, "(sv)...". Returns 0 or -errno. */
int scope_append_common(const BusLibrary *lib, sd_bus_message *m, const Plan *plan);

/* Appends the directive's values as one property, "(sv)". Returns 0 or -errno. */
int property_append(const BusLibrary *lib, sd_bus_message *m, const PlanProperty *p);
