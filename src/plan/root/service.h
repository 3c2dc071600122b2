/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Where systemd has put the credentials of the service that isorun is the main process of; NULL: it has none. */
const char *build_service_credentials(const Builder *b);

/* Where an entry of the plan is from, "StateDirectory= of web.service"; the plan's, or NULL. */
const char *build_service_origin(const Builder *b, const char *what);

/* What a path in a variable of that service is behind the symlinks, which DynamicUser= makes (/var/lib/web leads to
 * /var/lib/private/web); on the heap. It must be clean, and a directory that is there; an error names the variable. */
int build_resolve_service_directory(const Builder *b, const char *variable, const char *path, char **ret);

/* Goes through the variables by which that service knows what was made for it, value NULL where one is not set, until
 * visit returns a negative errno, which is returned. */
int build_visit_service_variables(const Builder *b, int (*visit)(void *userdata, const char *name, const char *value),
                               void *userdata);

int build_service_mounts(RootBuilder *rb);
