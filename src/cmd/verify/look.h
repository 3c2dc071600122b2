/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/verify/verification.h"

/* Whether verification_ask() gets the plan's promises. After a hand-over, it gets them for root only, and otherwise
 * those that every instance makes. */
bool verification_knows_plan(const Instance *instance);

/* Asks the instance for its promises. Returns 0 or -errno, reported. */
int verification_ask(const Instance *instance, Promises *ret, Report *report);

/* Compares all promises with what the kernel and systemd show. Looks again as long as a finding may be of a process
 * that isorun is still making. Fills v->findings. Returns 0 or -errno: -ESRCH if the instance has ended meanwhile. */
int verification_look(Verification *v);

void verification_deinit(Verification *v);
