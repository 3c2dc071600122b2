/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* The environment of a process, in the container's root: of several values of a variable, the last one, as runc has it;
 * and HOME, where it is missing or empty, by the container's own /etc/passwd. *ret is on the heap. Returns 0, or a
 * negative errno kept in f. */
int environment_make(const SpecProcess *process, char ***ret, Failure *f);
