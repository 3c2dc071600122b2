/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Whether the policy allows sockets of the address family, AF_*. */
bool build_allows_family(Builder *b, unsigned family);

/* Adds the rules for socket(2) and socketpair(2), and against what makes sockets past them. Returns 0, -ENOMEM, or
 * -EOPNOTSUPP, reported. */
int build_family_rules(Builder *b);
