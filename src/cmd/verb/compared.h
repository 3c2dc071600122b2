/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The policies that isoctl diff, meet and check --within compare. */

#include "lib/load.h"
#include "plan/permit/difference.h"

/* A policy that is compared. */
typedef struct Compared {
        const char *name; /* as the caller gave it */
        Loaded loaded;
        Permit *permit;
} Compared;

void compared_deinit(Compared *c);

/* Reads a policy, or the policy of a program. If unit is set, or the name ends in ".service", it is a unit, whose
 * hardening lines are converted. Returns 0 or -errno, reported. */
int compared_load(Compared *c, const char *name, bool unit, Report *report);
