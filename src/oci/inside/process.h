/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a process of isorun-oci inside a container to the one that config.json describes. Functions return 0, or a
 * negative errno kept in f. */

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* In the container's root: makes the working directory, and finds the command, so that what is wrong with them is known
 * before the start. *ret is the command's path, which the caller frees. */
int process_prepare(const SpecProcess *process, char **ret, Failure *f);

/* Takes the ids, capabilities and filter of spec for a process, and executes the command. Returns only if that fails.
 * groups_denied: setgroups(2) is denied in the user namespace. */
int process_become(const Spec *spec, const SpecProcess *process, const char *command, bool groups_denied, Failure *f);
