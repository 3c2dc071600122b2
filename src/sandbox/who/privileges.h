/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/failure.h"

/* Takes on the ids and capabilities of the payload, for good. Returns 0, or a negative errno kept in f. */
int privileges_drop(const Plan *plan, Failure *f);

/* Gives up every capability, for good. Returns 0, or a negative errno kept in f. */
int privileges_drop_all(Failure *f);
