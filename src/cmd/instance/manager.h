/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A systemd that is asked to act on a unit of its, as systemctl asks: the calls of org.freedesktop.systemd1(5). */

#include "plan/plan.h"

typedef struct Manager Manager;

#define MANAGER_SYSTEM ((uid_t) -1)

/* Connects to the manager of a user, or with MANAGER_SYSTEM to the system's. Another user's is root's to ask alone. Returns
 * 0 or -errno, reported. */
int manager_open(Manager **ret, uid_t uid, Report *report);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free);

uid_t manager_uid(const Manager *manager);

/* Has a unit stopped; name is what messages call it, and is borrowed until manager_wait(). Returns 0 once systemd has
 * made a job of it, or -errno, reported. */
int manager_stop(Manager *manager, const char *unit, const char *name, Report *report);

/* Waits until all those jobs have ended. Returns 0, or -errno, reported, where one has failed. */
int manager_wait(Manager *manager, Report *report);

/* Sends a signal to a unit's processes: "all" or "main". Returns 0 or -errno, reported. */
int manager_kill(Manager *manager, const char *unit, const char *name, const char *whom, int signal, Report *report);

/* Returns 0 once all its processes have halted, or go on, or -errno, reported. */
int manager_freeze(Manager *manager, const char *unit, const char *name, bool freeze, Report *report);

/* Sets properties for as long as the unit runs, all or none. Returns 0 or -errno, reported. */
int manager_set_properties(Manager *manager, const char *unit, const char *name, const PlanProperty *properties,
                           size_t n, Report *report);
