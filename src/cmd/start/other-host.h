/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/host.h"

/* The facts about another host, whose root directory is this process's root: other-root.h. Its files tell the users,
 * groups and subordinate ids, and the policies. The rest cannot be known. So these facts say that nothing is missing:
 * root in the initial user namespace, systemd, and a kernel with all that isorun uses. A start never enforces less than
 * its plan in silence, so the answers hold for each host that accepts the policy. Returns 0 or -errno, reported. */
int other_host(Host *host, Report *report);
