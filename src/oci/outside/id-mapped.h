/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Makes the idmapped mounts of config.json whose sources are paths of the host; only root outside of all user
 * namespaces may. users is an fd of the user namespace that the container joins, or -1. *ret is an array for
 * mount_fds_free() of oci/inside/root.h, with the fd of a detached mount, or -1, for each mount; NULL if there is no
 * such mount. Returns 0 or -errno, reported. */
int mapped_make(const Spec *spec, int users, int **ret, Report *report);

/* Maps the ids of mount i, whose source is in the container's root: copy is the detached mount, which the first process
 * has made. Returns 0 or -errno, reported. */
int mapped_set(const Spec *spec, int users, uint64_t i, int copy, Report *report);
