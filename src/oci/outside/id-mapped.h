/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Makes the idmapped mounts of config.json; only root outside of all user namespaces may. users is an fd of the user
 * namespace that the container joins, or -1. *ret is an array with an
 * entry for each mount, the fd of a detached mount or -1, or NULL if there is no such mount. The caller frees it with
 * mapped_free(). Returns 0 or -errno, reported. */
int mapped_make(const Spec *spec, int users, int **ret, Report *report);

/* Closes the fds and frees the array, which may be NULL. */
void mapped_free(const Spec *spec, int *fds);
