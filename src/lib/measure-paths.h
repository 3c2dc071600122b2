/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/host.h"
#include "policy/policy.h"
#include "util/mount-table.h"

/* Compares what this process can do at paths that the policy names, in /dev, /proc and the directories for temporary
 * files, with the policy; table has the mounts of this process. Returns 1 if all is as the policy says, or 0 and a path
 * in *ret (on the heap) with what it is in *ret_what (constant), or -errno, and then *ret may have the path. */
int measure_paths(const Policy *policy, const Host *host, const MountTable *table, char **ret, const char **ret_what);

/* Whether a line of the policy shows this place, or, if writable is set, lets the payload write to it. */
bool measure_is_named(const Policy *policy, const char *place, bool writable);

/* Whether the place is at or below a directory that systemd makes for a service. isorun shows these whatever the
 * policy: systemd.exec(5). */
bool measure_is_of_service(const Host *host, const char *place);

/* Whether this error of stat(2) and the like says that nothing is at a path, or that the process cannot get there. Any
 * other error says nothing about the path. */
bool measure_is_gone(int error);

/* Whether a directory of the host is not here: it does not exist, cannot be reached, or is one in memory. */
bool measure_is_absent(const char *path);
