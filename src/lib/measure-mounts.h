/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/host.h"
#include "policy/policy.h"

/* Compares the mounts of this process, and the places that are to be hidden, with the policy. Returns 1 if nothing is
 * writable or visible that the policy does not name, 0 and a path in *ret (on the heap) with what it is in *ret_what
 * (constant), or -errno. */
int measure_mounts(const Policy *policy, const Host *host, char **ret, const char **ret_what);
