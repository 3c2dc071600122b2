/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/policy.h"

/* Calls visit with the lines of a policy which, read in this order, make the same values again. They are not those that
 * the policy was read from: specifiers are expanded, and what later lines have removed is left out. Each value is
 * parsed and compared before it is given out, so that no line can mean something else. The value "" stands for a
 * default that is an empty set, which no line can say. Stages and claims are not among them.
 * Stops at the first result other than 0, and returns it. Returns -EBADMSG, with the directive in *ret_bad, if a value
 * has no line that means the same; or -ENOMEM. */
typedef int (*PolicyLineVisit)(void *userdata, const Directive *directive, const char *value, Origin origin);
int policy_lines(const Policy *policy, PolicyLineVisit visit, void *userdata, const Directive **ret_bad);
