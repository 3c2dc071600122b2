/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Applies ReadOnlyPaths=, when all mounts have their places. */
int build_read_only(RootBuilder *rb);
