/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Answers the questions of isoctl why about a running instance. */

#include "sandbox/watch/denials.h"

/* Takes over the socket, which isoctl has made, and answers its request in a process of its own: looking at files may
 * take long. The socket comes from inside, so its maker is checked as the sender of a request is. denials: of a payload
 * that is watched, else NULL. */
void questions_answer(const Plan *plan, const Denials *denials, int socket);
