/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/verify/verification.h"

/* Asks the instance for its promises; after a hand-over, they are those that every instance makes. Returns 0 or -errno,
 * reported. */
int verification_ask(const Instance *instance, Promises *ret, Report *report);

/* Compares all promises with what the kernel and systemd show. Looks again as long as a finding may be of a process that
 * isorun is still making. Fills v->findings. Returns 0 or -errno. */
int verification_look(Verification *v);

void verification_deinit(Verification *v);
