/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The policies that isoctl diff, meet and check --within compare.
 *
 * A running instance answers for its policy itself. So only instances of the caller and of root are asked: the isorun
 * that answers is then a process of theirs, which no payload reaches. Any other user could answer with a policy that
 * the instance does not have. The answer is also compared with what the kernel and systemd show (cmd/verify): where the
 * instance is not as its policy says, it has no policy that could be compared. */

#include "lib/load.h"
#include "plan/permit/difference.h"

/* A policy that is compared. */
typedef struct Compared {
        const char *name; /* as the caller gave it */
        Loaded loaded;
        Permit *permit;
} Compared;

void compared_deinit(Compared *c);

/* Reads a policy, the policy of a program, or that of a running instance if no policy has its name. If unit is set, or
 * the name ends in ".service", it is a unit, whose hardening lines are converted. Returns 0 or -errno, reported. */
int compared_load(Compared *c, const char *name, bool unit, Report *report);
