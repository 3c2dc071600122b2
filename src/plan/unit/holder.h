/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Who holds the instance, and the properties of its unit. */
int build_holder(Builder *b);

/* What is below the holder; once the capabilities are known. */
int build_inner_cgroup(Builder *b);

/* Why no unit can be had for it, where that is so; for people. */
const char *build_holder_reason(const Builder *b);
