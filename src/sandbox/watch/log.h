/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process of LogDenials=yes, a child of isorun outside: answers the calls that the filter denies
 * (plan/deny/notify.h), counts them, and sends records to isorun. It believes nothing but the numbers that the kernel
 * gives it, reads no memory of the payload, and never lets a call go on. If it ends, denied calls fail with ENOSYS. */

#include "sandbox/watch/denials.h"

/* A packet. The same call is sent when it was denied for the first, 10th, 100th, ... time. */
typedef struct DenialRecord {
        int32_t number, error;
        uint64_t count;
        uint64_t arguments[DENIAL_ARGUMENTS]; /* of the first call */
} DenialRecord;

/* Whether a process that runs only isorun's code would send this. */
bool denial_record_is_good(const DenialRecord *record);

/* Serves the listener until isorun hangs up, or no process has the filter any more. Does not return. All other fds are
 * closed. */
_Noreturn void denial_log_main(const Plan *plan, int listener, int socket);
