/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "util/report.h"

/* The files of a service: systemd.unit(5). */
typedef struct UnitFiles {
        char *name;   /* "redis@main.service" */
        char **paths; /* the unit file, then its drop-ins */
        char *manager_error; /* why the manager could not be asked; NULL: it was, or spec is a path */
} UnitFiles;

void unit_files_deinit(UnitFiles *files);

/* The variables that determine where a user's units are. Each may be NULL. */
typedef struct UnitUser {
        const char *config_home, *home, *runtime;
} UnitUser;

/* Finds the files of a unit. spec is the path of a file, without drop-ins, or a unit's name (".service" may be
 * missing). The name of an instance also finds its template. user is for the caller's own manager, NULL for the
 * system's.
 *
 * Asks the manager for the files. If it cannot be reached, searches systemd's default directories. Returns 0 or -errno,
 * reported. */
int unit_find(const char *spec, const UnitUser *user, UnitFiles *ret, Report *report);
