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

/* What needs rights that the process shall not have once others in the container see it. */
typedef struct Ahead {
        bool done;       /* process_do_ahead() has been called */
        bool entered;    /* the working directory has been entered */
        bool not_found;  /* failure says why, with all rights */
        Command command;
        Failure failure;
} Ahead;

/* Looks for the command, enters the working directory, and drops all capabilities that neither the command nor what is
 * left to process_confine() needs. Its child inherits all this. What is wrong with the command is kept in ret. */
int process_do_ahead(const Spec *spec, const SpecProcess *process, Ahead *ret, Failure *f);

/* process_prepare() after process_do_ahead(). Looks again for a command that was not found: it may be one of this
 * process, below /proc/self. */
int process_take_ahead(const SpecProcess *process, const Ahead *ahead, Command *ret, Failure *f);

/* Takes the ids, capabilities and filter of spec for a process. groups_denied: setgroups(2) is denied in the user
 * namespace. socket: to isorun-oci, which gets the listener of the filter if that has one. */
int process_confine(const Spec *spec, const SpecProcess *process, const Ahead *ahead, bool groups_denied, int socket,
                    Failure *f);

/* Executes the command. Returns only if that fails. */
int process_execute(const SpecProcess *process, const Command *command, Failure *f);
