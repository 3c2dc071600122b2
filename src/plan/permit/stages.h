/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/policy.h"

/* Checks the stages of a policy, which may be incomplete: each must be valid (stage_check()), and permit only what the
 * policy permits. Reports each line that permits more. Returns 0, or -EBADMSG or -ENOMEM, reported. */
int permit_check_stages(const Policy *policy, Report *report);
