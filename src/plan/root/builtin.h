/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* What each instance has that the policy need not ask for. */
int build_builtin_mounts(RootBuilder *rb);
