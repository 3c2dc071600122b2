/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Adds read-only mounts of the directories of /var that belong to the system. For the host's root only. */
int build_system_data(RootBuilder *rb);

/* Lists those of the directories that exist on this host. Returns 0 or -ENOMEM. */
int system_data_list(char ***ret);

/* Whether the path of the host is in such a directory. */
bool system_data_contains(const char *path);

/* Whether isorun hides the path in such a directory. */
bool system_data_hides(const char *path);
