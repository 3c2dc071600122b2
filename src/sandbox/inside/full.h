/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* The payload has ended: tells isorun of each directory in memory in which there is no room left (MESSAGE_FULL). What
 * was full only for a while is not seen. Nothing that the payload has made can keep this process from going on: if it
 * may mount, nothing is told, nor of a directory whose place it can change. */
void full_tell(const Plan *plan, int socket);
