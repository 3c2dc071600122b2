/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "util/report.h"

/* The files of a service, as systemd.unit(5) looks them up. */
typedef struct UnitFiles {
        char *name;   /* "redis@main.service" */
        char **paths; /* the unit's own file, then its drop-ins */
} UnitFiles;

void unit_files_deinit(UnitFiles *files);

/* spec: the path of a file, which has no drop-ins, or a unit's name, ".service" being added. A template's file is found by
 * the name of an instance. user: in the directories of a user's manager. Returns 0 or -errno, reported. */
int unit_find(const char *spec, bool user, UnitFiles *ret, Report *report);
