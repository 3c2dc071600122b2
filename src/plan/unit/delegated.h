/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Cgroups that were delegated to isorun's user: isorun may make others in them. */

#include "plan/builder.h"

/* Whether a cgroup without a unit can hold the limit: it must be a file of a controller. */
bool delegated_can_set(const Directive *d);

/* Finds a cgroup whose children can hold the plan's limits: isorun's own, or its parent if isorun is in a leaf of the
 * delegated tree. The caller frees *ret. Returns 1, 0 if there is no such cgroup, or -ENOMEM. */
int delegated_find(const Builder *b, char **ret);

/* A service of systemd, which may have Delegate=yes. */
typedef struct DelegatedService {
        char *cgroup; /* "/…/runner.service" */
        char *unit;
        bool of_user; /* of a user's manager */
        bool delegated;
        bool asked;   /* the user's manager has answered, because the cgroup does not say it */
} DelegatedService;

/* Finds the service that this process is in, and whether its cgroup is delegated to the process's user. Returns 1 if it
 * is, 0 if not, and then *ret may still have the service, or -ENOMEM. */
int delegated_find_service(const Host *host, DelegatedService *ret);
void delegated_service_deinit(DelegatedService *service);
