/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Makes the mounts of the plan that are idmapped, which only root outside of all namespaces may do: mount_setattr(2),
 * MOUNT_ATTR_IDMAP. *ret has an fd of a detached mount, or -1, for each of the plan's mounts; NULL where none is
 * idmapped. Returns 0 or -errno, reported. */
int id_mapped_make(const Plan *plan, int **ret, Report *report);

/* Closes what id_mapped_make() has made. Returns NULL. */
int *id_mapped_free(const Plan *plan, int *fds);
