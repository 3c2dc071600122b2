/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A transient service that runs isorun itself, for isorun --detach. */

#include "plan/plan.h"
#include "util/patience.h"

typedef struct TransientService {
        const char *unit, *executable, *directory;
        char *const *environment;
        int fds[3]; /* of the service, 0 to 2 */
        mode_t umask;
} TransientService;

/* Asks the plan's service manager to start the service, with the plan's properties, which it could not all set later.
 * Returns when the manager has accepted the request. Returns 0 or -errno, reported. */
int transient_service_start(const Plan *plan, const TransientService *service, Patience *patience, Report *report);
