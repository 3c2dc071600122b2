/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the system call filter. */
int build_filter(Builder *b);
