/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A running systemd that is asked where its units are. */

#include "sandbox/systemd/bus.h"

typedef struct UnitManager {
        const BusLibrary *lib;
        sd_bus *bus;
        char **directories; /* where it looks for unit files */
} UnitManager;

void unit_manager_deinit(UnitManager *m);

/* Connects to the manager, and asks it for its directories. user: the caller's own one. Returns 0, or -errno, reported, if
 * no manager answers. */
int unit_manager_open(UnitManager *m, bool user, Report *report);

/* The files of a unit that is loaded, or that systemd loads for the answer: no template. */
typedef struct ManagedUnit {
        char *name;     /* that it has for systemd, which may have been asked for an alias */
        char *fragment; /* "" if it has no file */
        char **drop_ins;
        char *state;    /* LoadState: "loaded", "masked", "not-found" ... */
        bool changed;   /* the files have been changed since systemd read them */
} ManagedUnit;

void managed_unit_deinit(ManagedUnit *unit);

/* Returns 0 or -errno, reported. A unit that systemd does not find is one with the state "not-found". */
int unit_manager_load(UnitManager *m, const char *name, ManagedUnit *ret, Report *report);
