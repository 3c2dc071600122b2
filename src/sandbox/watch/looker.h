/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks up paths that the payload has chosen, which may lead to a file system that never answers: so a child does it,
 * with the payload's ids. */

#include "plan/plan.h"

/* Runs f in a child, which ends when f returns. While it works, f changes *progress, in memory that the child shares.
 * Returns whether the child has ended. Returns false if *progress did not change for two seconds: then the child has
 * been killed. */
bool look_in_child(const Plan *plan, const size_t *progress, void (*f)(void *userdata), void *userdata);
