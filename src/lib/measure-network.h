/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <netinet/in.h>

#include "policy/policy.h"

/* Whether the network of this process has no device but loopback. Returns 1, 0 or -errno. */
int measure_loopback(void);

/* Whether each address of that network belongs to loopback or to a peer of the policy. Returns 1, or 0 and writes
 * another address into ret, or -errno. */
int measure_addresses(const Policy *policy, char ret[static INET6_ADDRSTRLEN]);
