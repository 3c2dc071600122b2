/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/failure.h"
#include "sandbox/filter.h"
#include "sandbox/inside.h"

/* The payload on its way from fork(2) to execve(2). */
typedef struct Payload {
        Inside *inside;
        int ruleset;          /* of landlock_prepare(); -1: none */
        int filters[FILTERS]; /* of filter_compile() */
        pid_t pid;
} Payload;

/* Forks the payload and waits until it has become the command. Returns 0 with payload->pid set, or a negative
 * errno with the reason kept in f. */
int payload_start(Payload *payload, Failure *f);

/* The same for one that gets its own user namespace inside ours (plan->inner_namespaces). This process has given
 * up its capabilities before the payload goes on. */
int payload_start_inner(Payload *payload, Failure *f);
