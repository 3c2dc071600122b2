/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* The directory with the credentials of the service whose main process isorun is; NULL: none. */
const char *build_service_credentials(const Builder *b);

/* The origin of an entry, such as "StateDirectory= of web.service". The plan owns it; NULL when memory runs out. */
const char *build_service_origin(const Builder *b, const char *what);

/* Resolves the symlinks of a path from a variable of that service, on the heap. DynamicUser= makes such symlinks
 * (/var/lib/web leads to /var/lib/private/web). The path must be clean, and an existing directory. Returns 0, or
 * -errno, reported with the variable's name; only -ENOMEM is not reported. */
int build_resolve_service_directory(const Builder *b, const char *variable, const char *path, char **ret);

/* Calls visit for each variable that tells the service what systemd has made for it; value is NULL if it is not set.
 * Stops when visit returns a negative errno, and returns it. */
int build_visit_service_variables(const Builder *b, int (*visit)(void *userdata, const char *name, const char *value),
                               void *userdata);

int build_service_mounts(RootBuilder *rb);
