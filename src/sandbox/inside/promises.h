/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "sandbox/inside/payload.h"

/* In a process that serves a request: writes the promises of the plan (plan/show/promises.h), and what only a process
 * of the instance can find out, which isoctl verify compares with what it sees from outside:
 *
 *     namespace TYPE PAYLOAD REAPER   the inodes of the payload's and the reaper's, which are new ones
 *     landlock-denies 0|1             whether the domain of this process denies what only a domain denies
 *     user-limit-is NAME VALUE        the present value of a limit
 *     descriptors KIND NUMBER         open files of the reaper, without those of sessions
 *
 * The process must end after this: it may leave its namespaces. Returns 0 or -errno. */
int promises_write(const Payload *payload, FILE *f);
