/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"
#include "sandbox/wire/given.h"

/* Inside, before root_make(): replaces each file by itself behind a read-only mount, and sends isorun those that are
 * inherited. Returns 0, or a negative errno kept in f. */
int given_write_protect(const Plan *plan, const GivenFiles *files, int socket, Failure *f);
