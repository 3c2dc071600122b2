/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process of isorun --why and --record, a child of isorun outside: traces the payload, then explains what was
 * denied, and writes what was used to the file of the plan's fd. */

#include "plan/record/write.h"
#include "sandbox/watch/denials.h"

/* The first packet that the process sends is an int, the errno of the attachment or 0. Then come lines of text, each
 * with its NUL, and at the end of all an empty line. isorun sends RecordPeaks when the payload has ended, if the plan
 * is recorded. */

/* Attaches to pid, the process that becomes the payload. What fails is added to denials, which isorun reads meanwhile.
 * Does not return. All other fds are closed. */
_Noreturn void watch_main(const Plan *plan, Denials *denials, pid_t pid, int socket);
