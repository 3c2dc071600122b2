/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Decides which mounts are noexec, when all mounts have their places. */
int build_exec(RootBuilder *rb);
