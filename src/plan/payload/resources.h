/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Limits, priority, file mode mask, standard input and output. */
int build_resources(Builder *b);
