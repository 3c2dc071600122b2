/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* The payload's PATH, if the caller has none. */
#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int build_environment(Builder *b);

/* Whether a variable of this name reaches the payload from the caller, whatever the policy passes on. */
bool environment_passes(const char *name);
