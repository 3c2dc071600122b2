/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Bounds what the payload can take of the things that the kernel counts for the caller's user, over all namespaces. */
int build_bounds(Builder *b);
