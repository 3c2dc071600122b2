/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The capabilities of this process: capabilities(7). A set has one bit for each capability. */

#include <linux/capability.h>
#include <stdint.h>

#include "util/macro.h"

typedef struct CapabilitySets {
        uint64_t effective, permitted, inheritable;
} CapabilitySets;

/* Return 0 or -errno. */
int capability_get(CapabilitySets *ret);
int capability_set(const CapabilitySets *sets);

/* The number of capabilities that the kernel has; if a system call filter denies the question, the number that this
 * program knows. */
unsigned capability_count(void);

/* Drops all capabilities from the bounding set that are not in keep. Needs CAP_SETPCAP. Returns 0 or -errno. */
int capability_drop_bounding(uint64_t keep);

/* Replaces the ambient set. Its capabilities must be permitted and inheritable. Returns 0 or -errno. */
int capability_set_ambient(uint64_t mask);
