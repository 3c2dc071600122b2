/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/instance/instance.h"

/* The instance that a word means where it could also be a policy, or NULL: then it is the latter. A unit is always an
 * instance, any other name only if no policy has it, and a number is that of a process in the instance. Fills the list,
 * which the caller frees, and which has the instance. */
const Instance *instances_find_word(InstanceList *ret, const char *word, Report *report);
