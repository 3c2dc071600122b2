/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A service manager, which isoctl asks to act on units, as systemctl does: org.freedesktop.systemd1(5). name is the
 * instance's name, for messages. Functions that return an int return 0 or -errno, reported.
 *
 * Another user's manager may be stopped, or be a program that only pretends to be a manager. So each wait for its
 * answer ends after a few seconds. */

#include "plan/plan.h"

typedef struct Manager Manager;

#define MANAGER_SYSTEM ((uid_t) -1)

/* Connects to the manager of a user, or with MANAGER_SYSTEM to the system's. Only root can connect to another user's
 * manager. */
int manager_open(Manager **ret, uid_t uid, Report *report);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free);

uid_t manager_uid(const Manager *manager);

/* Asks for the main process of a service; *ret is 0 if it has none. */
int manager_main_process(Manager *manager, const char *unit, pid_t *ret, Report *report);

/* Stops a unit. Returns when systemd has made a job for that. name is borrowed until manager_wait(). */
int manager_stop(Manager *manager, const char *unit, const char *name, Report *report);

/* Waits until all jobs of manager_stop() have ended: for another user's manager, not longer than systemd waits by
 * default for a unit to stop. It is an error if one has failed. */
int manager_wait(Manager *manager, Report *report);

/* Sends a signal to a unit's processes. whom is "all" or "main". */
int manager_kill(Manager *manager, const char *unit, const char *name, const char *whom, int signal, Report *report);

/* Freezes or thaws a unit. Returns when all its processes are frozen, or run again. */
int manager_freeze(Manager *manager, const char *unit, const char *name, bool freeze, Report *report);

/* Sets properties for as long as the unit runs. systemd sets all of them or none. */
int manager_set_properties(Manager *manager, const char *unit, const char *name, const PlanProperty *properties,
                           size_t n, Report *report);

/* A property of a unit. */
typedef struct ManagerValue {
        uint64_t number; /* of the types i, t and b */
        char *text;      /* of the type s; the caller frees it */
} ManagerValue;

/* Reads a property of a scope or service whose type is one of i, t, b and s. */
int manager_read_property(Manager *manager, const char *unit, const char *property, char type, ManagerValue *ret,
                          Report *report);
