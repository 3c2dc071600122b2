/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* Inside: changes this process to the payload's ids and capabilities. What it drops cannot come back. Returns 0, or a
 * negative errno kept in f. */
int privileges_drop(const Plan *plan, Failure *f);

/* Inside: gives up all capabilities of this process. They cannot come back. Returns 0, or a negative errno kept in
 * f. */
int privileges_drop_all(Failure *f);
