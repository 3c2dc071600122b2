/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Limits as the kernel shows them in a cgroup. systemd accepts properties that nothing enforces, so only the kernel's
 * files count. Runs outside, and in isoctl. */

#include "plan/plan.h"

/* Whether the cgroup enforces the property, at least as strictly. Returns 1, 0, or -errno. *ret_actual (may be NULL) is
 * the kernel's value, for a message; the caller frees it. It stays unwritten if there is no value to show. A property
 * that is not a limit counts as enforced. */
int limit_is_held(const PlanProperty *p, int cgroup_fd, char **ret_actual);

/* Whether limit_is_held() can compare the values, and not only see that there is a limit. It cannot see which rules a
 * BPF program has, nor compute a TasksMax= in percent. */
bool limit_is_exact(const PlanProperty *p);

/* Writes the limit to the cgroup. Returns 0 or -errno. Writes nothing and returns -EOPNOTSUPP for a share that only
 * systemd can compute. */
int limit_write(const PlanProperty *p, int cgroup_fd);

/* Copies the value of one limit from one cgroup to another. Ignores errors, and skips BPF programs. */
void limit_copy(const PlanProperty *p, int from_fd, int to_fd);
