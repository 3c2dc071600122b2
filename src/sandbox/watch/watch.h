/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process of isorun --why, a child of isorun outside: traces the payload, and then explains what was denied. */

#include "plan/plan.h"

/* The first packet that the process sends is an int, the errno of the attachment or 0. Then come lines of text, each
 * with its NUL, and at the end of all an empty line. */

/* Attaches to pid, the process that becomes the payload. Does not return. All fds but the socket are closed. */
_Noreturn void watch_main(const Plan *plan, pid_t pid, int socket);
