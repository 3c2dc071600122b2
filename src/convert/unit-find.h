/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "util/report.h"

/* The files of a service, as systemd.unit(5) looks them up. */
typedef struct UnitFiles {
        char *name;   /* "redis@main.service" */
        char **paths; /* the unit's own file, then its drop-ins */
        char *unasked; /* why the manager could not be asked for them; NULL: it was, or need not be */
} UnitFiles;

void unit_files_deinit(UnitFiles *files);

/* The variables of a user that say where his units are; each may be NULL. */
typedef struct UnitUser {
        const char *config_home, *home, *runtime;
} UnitUser;

/* spec: the path of a file, which has no drop-ins, or a unit's name, ".service" being added. A template's file is found by
 * the name of an instance. user: of the caller's own manager; NULL: of the system's. The manager is asked for the files.
 * If it cannot be reached, they are looked for in the directories that systemd has by default. Returns 0 or -errno,
 * reported. */
int unit_find(const char *spec, const UnitUser *user, UnitFiles *ret, Report *report);
