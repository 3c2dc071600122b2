/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks a running systemd where the files of its units are. */

#include "sandbox/systemd/bus.h"

typedef struct UnitManager {
        const BusLibrary *lib;
        sd_bus *bus;
        char **directories; /* the directories in which it looks for unit files */
} UnitManager;

void unit_manager_deinit(UnitManager *m);

/* Connects to the manager, and gets its directories. user: the caller's own manager. Returns 0, or -errno, reported, if
 * no manager answers. */
int unit_manager_open(UnitManager *m, bool user, Report *report);

/* The files of a unit. It cannot be a template, because systemd does not load templates. */
typedef struct ManagedUnit {
        char *name;     /* its main name, also if it was loaded by an alias */
        char *fragment; /* "" if it has no file */
        char **drop_ins;
        char *state;    /* LoadState: "loaded", "masked", "not-found" ... */
        bool changed;   /* the files have changed since systemd read them */
} ManagedUnit;

void managed_unit_deinit(ManagedUnit *unit);

/* Loads the unit if necessary. A unit that systemd does not find has the state "not-found". Returns 0 or -errno,
 * reported. */
int unit_manager_load(UnitManager *m, const char *name, ManagedUnit *ret, Report *report);
