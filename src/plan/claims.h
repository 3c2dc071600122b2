/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Checks that the instance is as strict as the lines of unit files that the policy has (policy/unit-line.h). All other
 * parts of the plan must be made. */
int build_claims(Builder *b);
