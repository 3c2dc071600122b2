/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans resource limits, nice level, umask, standard input and output. */
int build_resources(Builder *b);
