/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The algebra of policies: what a policy permits the payload, in a form in which two policies compare.
 *
 * A permit has a facet for each directive whose row in directives.inc does not make it a part of another one. "To
 * permit" means to reach something outside of the instance: files, devices, networks, processes and services of the
 * host, calls of the kernel, and shares of the machine. A thing of the instance's own (its own /tmp, network, files
 * in memory) is less than the host's.
 *
 * Laws, which tests/unit/test-permit.c holds for random policies: "within" is a partial order. The meet is
 * commutative, associative and idempotent, and within both. A difference is empty if and only if the one is within
 * the other. Of two grains that do not compare, neither is within the other, and their meet is a clash, which
 * permit_check() reports. */

#include <stdio.h>

#include "plan/permit/grain.h"

typedef struct Permit {
        Facet facets[_DIRECTIVE_MAX];
        char **texts; /* owned */
} Permit;

Permit *permit_free(Permit *permit);
DEFINE_CLEANUP(Permit *, permit_free);

/* Makes a permit of all that both a and b permit. It borrows from both, so they must live as long. Returns 0 or
 * -ENOMEM. */
int permit_meet(Permit **ret, const Permit *a, const Permit *b);

/* Whether inner permits only what outer permits. */
bool permit_within(const Permit *inner, const Permit *outer);

/* Calls visit for each grain of inner that is not within outer. key is NULL for all keys that neither lists. Stops at
 * the first result other than 0, and returns it. */
typedef int (*PermitVisit)(void *userdata, DirectiveId id, const char *key, const Grain *inner, const Grain *outer);
int permit_diff(const Permit *inner, const Permit *outer, PermitVisit visit, void *userdata);

/* Reports each clash, with both lines. Returns 0 or -EINVAL. */
int permit_check(const Permit *permit, Report *report);
