/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Adds hidden places for the secrets of the machine that the root or a volume would show. Needs the model with all
 * mounts but the hidden places. */
int build_secrets(RootBuilder *rb);

/* Whether the path of the host is such a place, or below one. Returns 1, 0 or -ENOMEM. */
int secrets_contain(const char *path);

/* Adds hidden places for the parts of a new /proc that show memory or keys of the machine. */
int build_proc_secrets(RootBuilder *rb);
