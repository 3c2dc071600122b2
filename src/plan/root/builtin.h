/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Adds the mounts that every instance has. */
int build_builtin_mounts(RootBuilder *rb);

/* Whether build_builtin_mounts() hides this directory of the host, unless ProtectHome= or a line shows it. */
bool root_hides(const char *directory);
