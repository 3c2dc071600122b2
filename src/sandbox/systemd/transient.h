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
 * Returns when the manager has accepted the request: 0, or -errno, reported (-EINTR by patience). */
int transient_service_start(const Plan *plan, const TransientService *service, Patience *patience, Report *report);

/* Asks the manager to stop that service, and no other unit that has got its name. socket is connected to an fd of the
 * service: it hangs up when systemd has dropped the service. Returns 0, also if the service has ended; -EINTR,
 * reported, if patience was interrupted; or -errno, reported. */
int transient_service_stop(const Plan *plan, const char *unit, int socket, Patience *patience, Report *report);
