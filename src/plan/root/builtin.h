/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Adds the mounts that every instance has. */
int build_builtin_mounts(RootBuilder *rb);
