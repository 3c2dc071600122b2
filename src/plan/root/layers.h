/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Adds the root itself as the first mount. */
int build_begin_root(RootBuilder *rb);
