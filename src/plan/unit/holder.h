/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the holder of the limits, and the properties of its unit. */
int build_holder(Builder *b);

/* Plans the cgroup below the holder. Call it after build_capabilities(). */
int build_inner_cgroup(Builder *b);

/* A message with the reason why the instance is not a unit. Valid if it is not. */
const char *build_holder_reason(const Builder *b);
