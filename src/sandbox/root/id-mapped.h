/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Outside: makes the plan's idmapped mounts. Only root outside of all user namespaces may do that: mount_setattr(2),
 * MOUNT_ATTR_IDMAP. *ret is an array with an entry for each of the plan's mounts, the fd of a detached mount or -1; it
 * is NULL if the plan has no idmapped mount. The caller frees it with id_mapped_free(). Returns 0 or -errno,
 * reported. */
int id_mapped_make(const Plan *plan, int **ret, Report *report);

/* Makes a user namespace with the inner id maps of a plan. Returns its fd or -errno. */
int id_mapped_make_namespace(const Plan *plan);

/* Closes the fds and frees the array. fds may be NULL. Returns NULL. */
int *id_mapped_free(const Plan *plan, int *fds);
