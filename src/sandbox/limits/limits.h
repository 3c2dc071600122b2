/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Limits as the kernel shows them in a cgroup: systemd's word that it took a property proves nothing. */

#include "plan/plan.h"

/* Whether the cgroup holds what the property asks, at least as tightly. Returns 1, 0, or -errno; *ret_actual (may be
 * NULL) is what the kernel shows, for a message, on the heap. A property that is not a limit is held. */
int limit_is_held(const PlanProperty *p, int cgroup_fd, char **ret_actual);

/* Whether what the kernel shows tells which limit holds, and not only that one does: a BPF program's content, and
 * what a share of all tasks comes to, cannot be read. */
bool limit_is_exact(const PlanProperty *p);

/* Writes the limit to the cgroup. Returns 0 or -errno. */
int limit_write(const PlanProperty *p, int cgroup_fd);

/* Writes what one cgroup holds to another, as far as the kernel takes it there. */
void limit_copy(const PlanProperty *p, int from_fd, int to_fd);
