/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/policy.h"

/* Reads the policy that an instance keeps, which is complete (policy_complete()), from what plan_print_source() wrote.
 * policy is empty. name is the instance's, for messages. Returns 0 or -errno, reported. */
int kept_policy_read(Policy *policy, const char *name, const char *text, Report *report);
