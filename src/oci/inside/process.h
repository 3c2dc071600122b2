/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a process of isorun-oci inside a container to the one that config.json describes. Functions return 0, or a
 * negative errno kept in f. */

#include "oci/inside/walk.h"
#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* What execve(2) gets. */
typedef struct Command {
        char *path, **environment;
} Command;

/* In the container's root: opens or makes the working directory, and finds the command, so that what is wrong with them
 * is known before the start. The next execve(2) of this process takes the label of process from then on. This process
 * executes *ret or ends, so nobody frees it. */
int process_prepare(const SpecProcess *process, WalkMake make, Command *ret, Failure *f);

/* Takes the ids, capabilities and filter of spec for a process. groups_denied: setgroups(2) is denied in the user
 * namespace. socket: to isorun-oci, which gets the listener of the filter if that has one. */
int process_confine(const Spec *spec, const SpecProcess *process, bool groups_denied, int socket, Failure *f);

/* Executes the command. Returns only if that fails. */
int process_execute(const SpecProcess *process, const Command *command, Failure *f);
