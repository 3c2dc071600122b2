/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* The payload has ended: tells isorun of each directory in memory in which there is no room left (MESSAGE_FULL). What
 * was full only for a while is not seen. Tells nothing if the payload may mount, and skips a directory that it can
 * move: looking there could block this process. */
void full_tell(const Plan *plan, int socket);
