/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The cgroup controllers of a service manager. Its units can have no others. */

#include "plan/host.h"

/* Reads the names of the controllers that the system's or the user's manager can give to its units. *ret is on the
 * heap. Returns 0 or -errno: -ENOENT if there is no cgroup v2, or no such manager where systemd puts it. */
int controllers_read(const Host *host, bool user_manager, char **ret);

/* Whether the controller of a cgroup file, such as "memory.max", is among the names. */
bool controllers_have(const char *controllers, const char *file);
