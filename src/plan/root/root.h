/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the mounts, the command and the working directory. */
int build_root(Builder *b);
